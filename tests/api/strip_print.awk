# SPDX-License-Identifier: Apache-2.0
# Prints files as strip() leaves them: awk -f strip.awk -f strip_print.awk FILE...
FNR == 1 { strip_begin() }
{ print strip($0) }
