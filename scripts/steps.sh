# Named steps with progress, sourced by the other scripts. Bash.
#
#   step "Name" command…      runs the command; its output goes to $LOG, shown only if it fails
#   skip_step "Name" reason   says that a step had nothing to do

LOG=${LOG:?set LOG to the file that takes the steps\' output}
mkdir -p "$(dirname "$LOG")"
: >"$LOG"

step() {
    local name=$1 started=$SECONDS status=0
    shift
    printf '\n=== %s: %s\n' "$name" "$*" >>"$LOG"
    "$@" >>"$LOG" 2>&1 </dev/null &
    _watch "$name" $! "$started" || status=$?
    if ((status == 0)); then
        _line "$name" ok "$((SECONDS - started)) s"
        return 0
    fi
    _line "$name" FAILED "$((SECONDS - started)) s"
    printf '\nThe last lines of %s:\n\n' "$LOG" >&2
    tail -n 40 "$LOG" >&2
    return "$status"
}

skip_step() { _line "$1" ok "$2"; }

die() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

# Waits for a background command; on a terminal the line counts the seconds meanwhile.
_watch() {
    local name=$1 pid=$2 started=$3
    if [[ -t 1 ]]; then
        while kill -0 "$pid" 2>/dev/null; do
            printf '\r  %-44s %4d s ' "$name" "$((SECONDS - started))"
            sleep 0.2
        done
        printf '\r\033[K'
    fi
    wait "$pid"
}

_line() { printf '  %-44s %-6s %s\n' "$1" "$2" "$3"; }
