#!/bin/sh
# Keeps the lines of schedule.cron in the crontab of the agent's user, between two marks. All other lines are left alone.
#     crontab.sh observe|apply|remove NAME
set -eu
begin="# BEGIN $2, kept by Xylem: edit elsewhere"
end="# END $2"

wanted() { echo "$begin"; cat schedule.cron; echo "$end"; }

# What can't be read must not be taken for empty: apply would write an empty crontab in its place.
if ! present=$(crontab -l 2>&1); then
  case $present in
    'no crontab for '*) present= ;;
    *) echo "$present" >&2; exit 1 ;;
  esac
fi
ours() { printf '%s\n' "$present" | sed -n "/^$begin\$/,/^$end\$/p"; }
others() { printf '%s\n' "$present" | sed -e "/^$begin\$/,/^$end\$/d" -e '/^$/d'; }

case $1 in
  observe)
    if [ -z "$(ours)" ]; then state=absent
    elif [ "$(ours)" = "$(wanted)" ]; then state=applied
    else state=differs
    fi
    echo "{\"state\":\"$state\"}" ;;
  apply) { others; wanted; } | crontab - ;;
  remove) others | crontab - ;;
esac
