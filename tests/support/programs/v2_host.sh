#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# v2_host.sh COMMAND [ARGUMENT...]: runs a command as root on a machine of its own whose only cgroups are v2: the kernel
# of Debian's package user-mode-linux, as a process, over this machine's files (read-only; /run, /tmp, /var/tmp and
# /var/lib are empty). Ends with the command's status; 77, with the reason, if that kernel is not installed, does not
# come up here, or does not last.
set -eu
kernel=/usr/bin/linux.uml
modules=$(ls -d /usr/lib/uml/modules/* 2>/dev/null | tail -n 1)
skip() { echo "skipped: $1" >&2; exit 77; }
[ -x $kernel ] && [ -n "$modules" ] || skip "the package user-mode-linux is not installed"

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
for where in /run /tmp /var/tmp /var/lib; do mount -t tmpfs tmpfs $where; done
mount -t hostfs none /mnt -o "$exchange"
mount -t cgroup2 cgroup2 /sys/fs/cgroup && grep -q memory /sys/fs/cgroup/cgroup.controllers && : >/mnt/up
load() {  # a module, after those that it needs
    file=$(sed -n "s|^\(.*/$1\.ko\):.*|\1|p" "$modules/modules.dep")
    for one in $(sed -n "s|^.*/$1\.ko:||p" "$modules/modules.dep" | tr ' ' '\n' | tac) $file; do
        /bin/busybox insmod "$modules/$one" 2>/dev/null
    done
}
for name in overlay veth bridge nf_tables nft_ct nft_nat nft_chain_nat nft_masq nft_redir nft_reject_inet nft_fib_inet; do
    load $name
done
ip link set lo up
. /mnt/environment
cd "$directory"
( eval "exec $(cat /mnt/command)" ) </dev/null
echo $? >/mnt/status
sync
exec /bin/busybox poweroff -f
INIT
chmod +x "$exchange/init"

# It takes its "physical" memory from a file in TMPDIR.
TMPDIR=$exchange timeout "${V2_HOST_SECONDS:-540}" $kernel mem=1G rootfstype=hostfs rootflags=/ ro quiet loglevel=1 \
    con=null con0=null,fd:1 ssl=null init="$exchange/init" exchange="$exchange" modules="$modules" directory="$PWD" \
    </dev/null 2>"$exchange/kernel" | grep -v '^reboot: ' || true
[ -s "$exchange/status" ] && exit "$(cat "$exchange/status")"
tail -n 20 "$exchange/kernel" >&2
[ -e "$exchange/up" ] || skip "user-mode-linux with cgroup v2 does not come up on this machine"
skip "user-mode-linux came up, but ended before the command did, or was too slow for it"
