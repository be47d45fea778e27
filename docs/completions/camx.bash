# SPDX-License-Identifier: Apache-2.0
# Completion of camx for bash. Commands and options are asked of the program itself, so they are never out of date.

_camx() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= word
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
        explain | progress | classify | layers | info | profile | dream)
            command=$word
            break
            ;;
        esac
    done
    if [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "explain progress classify layers info profile dream --help --version" -- "$current")
        return
    fi
    case $previous in
    -m | --method) mapfile -t COMPREPLY < <(compgen -W "cam gradcam gradcampp occlusion hirescam layercam xgradcam elementwise eigencam eigengradcam scorecam ablationcam reciprocam fullgrad saliency guided_backprop guided_gradcam smoothgrad integrated_gradients rise all" -- "$current") ;;
    --colormap) mapfile -t COMPREPLY < <(compgen -W "turbo jet viridis inferno cividis grey rdbu" -- "$current") ;;
    -p | --preset) mapfile -t COMPREPLY < <(compgen -W "auto imagenet tf unit" -- "$current") ;;
    --scaling) mapfile -t COMPREPLY < <(compgen -W "pgc positive minmax signed" -- "$current") ;;
    --score) mapfile -t COMPREPLY < <(compgen -W "logit probability" -- "$current") ;;
    --rule) mapfile -t COMPREPLY < <(compgen -W "paper mean-positive" -- "$current") ;;
    --edge) mapfile -t COMPREPLY < <(compgen -W "crop flush centred" -- "$current") ;;
    --fit) mapfile -t COMPREPLY < <(compgen -W "crop stretch letterbox" -- "$current") ;;
    --filter) mapfile -t COMPREPLY < <(compgen -W "bilinear bicubic bilinear-plain nearest" -- "$current") ;;
    *)
        if [[ $current == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "$command" --help 2>/dev/null |
                sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')" -- "$current")
        fi
        ;;
    esac
}

complete -o default -o bashdefault -F _camx camx
