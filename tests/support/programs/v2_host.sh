#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2_host.sh COMMAND [ARGUMENT...]: runs a command as root on a machine of its own whose only cgroups are v2: the kernel
# of Debian's package user-mode-linux, as a process, over this machine's files (read-only; /run, /tmp, /var/tmp and
# /var/lib are empty). Ends with the command's status; 77 if the package is not installed.
set -eu
kernel=/usr/bin/linux.uml
modules=$(ls -d /usr/lib/uml/modules/* 2>/dev/null | tail -n 1)
[ -x $kernel ] && [ -n "$modules" ] || { echo "v2_host.sh: package user-mode-linux is not installed" >&2; exit 77; }

exchange=$(mktemp -d)
trap 'rm -rf "$exchange"' EXIT
quote() { printf "'%s' " "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
for word in "$@"; do quote "$word"; done >"$exchange/command"
env | grep '^HOIST_' | sed "s/'/'\\\\''/g; s/=/='/; s/\$/'/; s/^/export /" >"$exchange/environment" || true
cat >"$exchange/init" <<'INIT'
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for where in /run /tmp /var/tmp /var/lib; do mount -t tmpfs tmpfs $where; done
mount -t hostfs none /mnt -o "$exchange"
for name in overlay; do
    file=$(find "$modules" -name $name.ko)
    [ -z "$file" ] || /bin/busybox insmod "$file"
done
. /mnt/environment
cd "$directory"
( eval "exec $(cat /mnt/command)" ) </dev/null
echo $? >/mnt/status
sync
exec /bin/busybox poweroff -f
INIT
chmod +x "$exchange/init"

# It takes its "physical" memory from a file in TMPDIR.
TMPDIR=$exchange timeout "${V2_HOST_SECONDS:-600}" $kernel mem=1G rootfstype=hostfs rootflags=/ ro quiet loglevel=1 \
    con=null con0=null,fd:1 ssl=null init="$exchange/init" exchange="$exchange" modules="$modules" directory="$PWD" \
    </dev/null 2>"$exchange/kernel" | grep -v '^reboot: ' || true
[ -s "$exchange/status" ] || { cat "$exchange/kernel" >&2; echo "v2_host.sh: the machine ended early" >&2; exit 1; }
exit "$(cat "$exchange/status")"
