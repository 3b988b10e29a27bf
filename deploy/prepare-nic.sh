#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prepares a network card for Shakedown, and takes it back.
#
#   prepare-nic.sh [--dry-run] [--undo] [--irq-cpus LIST] IFACE [QUEUES]   a port of the kernel: af_packet, af_xdp
#   prepare-nic.sh [--dry-run] [--undo] [--force] 0000:3b:00.0             a card for DPDK alone: vfio-pci
#   prepare-nic.sh [--dry-run] [--undo] --hugepages MIB                    memory for nic: and pci: ports
#
# IFACE: packets as they were on the wire (nothing joined), rings as long as they can be, promiscuous, both directions of
# a connection in one queue where the card can, and nothing sent: no IPv6 autoconfiguration, ARP or pause frames.
# Prints what it does, does only what is not done yet, and keeps what was there for --undo, in
# ${SHAKEDOWN_STATE:-/var/lib/shakedown/nic}. What a card cannot do is said and passed over.
# Status: 0 done; 1 a step failed that the port needs; 2 bad use.
set -uo pipefail

state=${SHAKEDOWN_STATE:-/var/lib/shakedown/nic}
dry_run=no undo=no force=no irq_cpus='' hugepages='' device='' queues=''

die() {  # die STATUS SENTENCE
  printf 'prepare-nic.sh: %s\n' "$2" >&2
  exit "$1"
}
usage() { sed -n '3,13s/^# \{0,1\}//p' "$0"; }
has() { command -v "$1" >/dev/null; }

# --- doing and undoing -------------------------------------------------------------------------------------------------

show() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
}

act() {  # shows a command, and runs it unless nothing is to be changed
  show "$@"
  [ "$dry_run" = yes ] || "$@"
}

put() {  # put VALUE FILE
  printf '+ echo %q > %q\n' "$1" "$2"
  [ "$dry_run" = yes ] || printf '%s\n' "$1" 2>/dev/null >"$2"
}

remember() {  # remember NAME COMMAND...: what brings back what was there, once; the first state is the one to go back to
  local file=$state/$1
  shift
  [ "$dry_run" = no ] || return 0
  if ! mkdir -p "$state" || ! chmod 700 "$state"; then die 1 "cannot keep what was there in $state"; fi
  local line
  line=$(printf '%q ' "$@")
  grep -qxF -- "$line" "$file" 2>/dev/null || printf '%s\n' "$line" >>"$file"
}

# try NAME NEW-COMMAND... -- OLD-COMMAND...: a step that the port works without.
try() {
  local name=$1 new=() old=()
  shift
  while [ "$1" != -- ]; do
    new+=("$1")
    shift
  done
  shift
  old=("$@")
  if act "${new[@]}" >"$output" 2>&1; then
    cat "$output"
    [ "${#old[@]}" -eq 0 ] || remember "$name" "${old[@]}"
  else
    sed -n '1p' "$output"
    printf '  not possible here: %s\n' "$(sed -n '2p' "$output")"
  fi
}

undo() {  # undo NAME: the last step first
  local file=$state/$1 line words
  if [ ! -s "$file" ]; then
    printf '%s: nothing to undo\n' "$1"
    return
  fi
  while IFS= read -r line; do
    # Written by remember() with %q, in a folder that only root can write.
    eval "words=($line)"
    act "${words[@]}" || printf '  that failed\n'
  done < <(tac "$file")
  [ "$dry_run" = yes ] || rm -f "$file"
}

# --- a port of the kernel ----------------------------------------------------------------------------------------------

feature() {  # the state of one offload: on, off, or nothing where it is fixed or unknown
  ethtool -k "$device" 2>/dev/null | awk -v name="$1:" '$1 == name && $3 != "[fixed]" { print $2 }'
}

stop_joining() {
  local offload
  for offload in generic-receive-offload large-receive-offload rx-gro-hw rx-gro-list rx-udp-gro-forwarding \
    generic-segmentation-offload tcp-segmentation-offload; do
    if [ "$(feature "$offload")" = on ]; then
      try "$device" ethtool -K "$device" "$offload" off -- ethtool -K "$device" "$offload" on
    fi
  done
}

lengthen_rings() {
  local limits now
  limits=$(ethtool -g "$device" 2>/dev/null | awk '$1 == "RX:" { print $2 }')
  read -r -d '' limits now <<<"$limits" || true
  if [ -n "$limits" ] && [ -n "$now" ] && [ "$limits" != "$now" ] && [ "$limits" != n/a ]; then
    try "$device" ethtool -G "$device" rx "$limits" -- ethtool -G "$device" rx "$now"
  fi
}

set_queues() {
  [ -n "$queues" ] || return 0
  local kind now
  for kind in combined rx; do
    now=$(ethtool -l "$device" 2>/dev/null |
      awk -v name="${kind^}:" 'tolower($1) == tolower(name) { value = $2 } END { print value }')
    case $now in '' | n/a | 0) continue ;; esac
    [ "$now" = "$queues" ] ||
      try "$device" ethtool -L "$device" "$kind" "$queues" -- ethtool -L "$device" "$kind" "$now"
    return 0
  done
  printf '%s: its number of queues cannot be set\n' "$device"
}

# One 16-bit word again and again: the Toeplitz hash is then the same when source and destination change places.
hash_symmetrically() {
  local old count key
  old=$(ethtool -x "$device" 2>/dev/null | grep -E '^([0-9a-f]{2}:)+[0-9a-f]{2}$')
  if [ -z "$old" ]; then
    printf '%s: its hash key cannot be set; with several queues the sensor hands packets out itself\n' "$device"
    return
  fi
  count=$(tr ':' '\n' <<<"$old" | wc -l)
  key=$(for ((i = 0; i < count; i += 2)); do printf '6d:5a:'; done)
  key=${key:0:$((3 * count - 1))}
  [ "$old" = "$key" ] || try "$device" ethtool -X "$device" hkey "$key" -- ethtool -X "$device" hkey "$old"
  local flow
  for flow in tcp4 tcp6 udp4 udp6; do
    # Addresses and ports of both sides.
    ethtool -n "$device" rx-flow-hash "$flow" 2>/dev/null | grep -q 'L4 bytes 2 & 3' ||
      try "$device" ethtool -N "$device" rx-flow-hash "$flow" sdfn --
  done
}

keep_silent() {
  local ipv6=/proc/sys/net/ipv6/conf/$device/disable_ipv6
  if [ -e "$ipv6" ] && [ "$(cat "$ipv6")" = 0 ]; then
    try "$device" sysctl -qw "net.ipv6.conf.$device.disable_ipv6=1" -- \
      sysctl -qw "net.ipv6.conf.$device.disable_ipv6=0"
  fi
  if ! ip link show dev "$device" | grep -q '[<,]NOARP[,>]'; then
    try "$device" ip link set dev "$device" arp off -- ip link set dev "$device" arp on
  fi
  if ethtool -a "$device" 2>/dev/null | grep -Eq '^(RX|TX):[[:space:]]*on'; then
    try "$device" ethtool -A "$device" autoneg off rx off tx off -- ethtool -A "$device" rx on tx on
  fi
}

place_interrupts() {
  [ -n "$irq_cpus" ] || return 0
  local irq file
  for irq in "/sys/class/net/$device/device/msi_irqs/"*; do
    file=/proc/irq/${irq##*/}/smp_affinity_list
    if [ -e "$file" ] && [ "$(cat "$file")" != "$irq_cpus" ]; then
      remember "$device" sh -c "echo $(printf %q "$(cat "$file")") > $file"
      put "$irq_cpus" "$file" || printf '  not possible here\n'
    fi
  done
}

prepare_interface() {
  has ethtool || die 2 'there is no ethtool: apt-get install ethtool'
  ip link show dev "$device" >"$output" 2>&1 || die 2 "there is no interface $device"
  if ip route show default 2>/dev/null | grep -qw "dev $device" && [ "$force" = no ]; then
    die 2 "the default route leads through $device, which is then no port to watch with; --force if it is"
  fi
  stop_joining
  set_queues
  lengthen_rings
  hash_symmetrically
  keep_silent
  if ! ip link show dev "$device" | grep -q '[<,]PROMISC[,>]'; then
    try "$device" ip link set dev "$device" promisc on -- ip link set dev "$device" promisc off
  fi
  if ! ip link show dev "$device" | grep -q '[<,]UP[,>]'; then
    remember "$device" ip link set dev "$device" down
    act ip link set dev "$device" up || die 1 "$device cannot be brought up"
  fi
  place_interrupts
  printf '%s: ready\n' "$device"
}

# --- a card for DPDK ---------------------------------------------------------------------------------------------------

driver_of() { basename "$(readlink "/sys/bus/pci/devices/$1/driver" 2>/dev/null)" 2>/dev/null; }

bind() {  # bind ADDRESS DRIVER; an empty driver is the one that the kernel would choose
  local folder=/sys/bus/pci/devices/$1
  put "$2" "$folder/driver_override" || return 1
  if [ -e "$folder/driver" ]; then put "$1" "$folder/driver/unbind" || return 1; fi
  put "$1" /sys/bus/pci/drivers_probe
}

prepare_card() {
  local folder=/sys/bus/pci/devices/$device interface
  [ -e "$folder" ] || die 2 "there is no device $device; see: dpdk-devbind.py --status-dev net"
  for interface in "$folder/net/"*; do
    interface=${interface##*/}
    if ip addr show dev "$interface" 2>/dev/null | grep -qw inet && [ "$force" = no ]; then
      die 2 "$device is $interface, which has an address; --force takes it from the kernel all the same"
    fi
  done
  case $(driver_of "$device") in
    vfio-pci) ;;
    mlx4_core | mlx5_core | mana) printf '%s: its driver shares it with DPDK\n' "$device" ;;
    *)
      [ -d /sys/bus/pci/drivers/vfio-pci ] || act modprobe vfio-pci || die 1 'vfio-pci cannot be loaded'
      if [ -z "$(ls /sys/kernel/iommu_groups 2>/dev/null)" ]; then
        printf '%s: there is no IOMMU; see shakedown doctor for what that means\n' "$device"
      fi
      remember "$device" "$(realpath "$0")" --rebind "$device" ''
      bind "$device" vfio-pci || die 1 "$device cannot be bound to vfio-pci"
      ;;
  esac
  printf '%s: ready\n' "$device"
}

# --- memory ------------------------------------------------------------------------------------------------------------

prepare_hugepages() {
  local file=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages now wanted
  [ -e "$file" ] || die 1 'this kernel has no huge pages of 2 MiB'
  now=$(cat "$file") wanted=$(((hugepages + 1) / 2))
  if [ "$now" -lt "$wanted" ]; then
    remember hugepages sh -c "echo $now > $file"
    put "$wanted" "$file" || die 1 'huge pages cannot be taken'
    if [ "$dry_run" = no ] && [ "$(cat "$file")" -lt "$wanted" ]; then
      die 1 "only $(cat "$file") of $wanted huge pages could be taken: memory is scattered; do it earlier after boot"
    fi
  fi
  printf 'hugepages: ready\n'
}

# --- the command line --------------------------------------------------------------------------------------------------

while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --undo) undo=yes ;;
    --force) force=yes ;;
    --irq-cpus | --hugepages)
      [ $# -ge 2 ] || die 2 "$1 needs a value"
      if [ "$1" = --irq-cpus ]; then irq_cpus=$2; else hugepages=$2; fi
      shift
      ;;
    --rebind)  # written by this script for --undo
      [ $# -eq 3 ] || die 2 '--rebind needs a device and a driver'
      bind "$2" "$3"
      exit
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*) die 2 "unknown option '$1'; try --help" ;;
    *)
      if [ -z "$device" ]; then
        device=$1
      elif [ -z "$queues" ]; then
        queues=$1
      else
        die 2 "one device at a time, not '$1' too"
      fi
      ;;
  esac
  shift
done
[ -n "$device$hugepages" ] || { usage >&2; exit 2; }
case $hugepages in *[!0-9]*) die 2 "'$hugepages' is no number of MiB" ;; esac
case $queues in *[!0-9]* | 0) die 2 "'$queues' is no number of queues" ;; esac
case $irq_cpus in *[!0-9,-]*) die 2 "'$irq_cpus' is no list of processors" ;; esac
case $device in */* | . | ..) die 2 "'$device' is no device" ;; esac
[ "$dry_run" = yes ] || [ "$(id -u)" -eq 0 ] || die 2 'only root can do this; --dry-run shows what it would do'

output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT

if [ "$undo" = yes ]; then
  [ -z "$hugepages" ] || undo hugepages
  [ -z "$device" ] || undo "$device"
  exit 0
fi
[ -z "$hugepages" ] || prepare_hugepages
case $device in
  '') ;;
  [0-9a-f][0-9a-f][0-9a-f][0-9a-f]:*:*.*) prepare_card ;;
  *) prepare_interface ;;
esac
