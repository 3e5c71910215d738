#!/bin/bash
# The first process of a real node, in namespaces of its own (net, pid, mount, uts, ipc, cgroup): makes a machine of them, starts its
# container runtime, and buries orphans. Everything it mounts ends with it.
# $1: the node's name. $2: the node's folder, with config/, images/ and the disk.
set -euo pipefail
name=$1 folder=$2

mount --make-rprivate /
mount -t proc proc /proc

# A kubelet sets these to values of its own: it finds them here, and does not change those of the machine that the tests run on.
sysctl_file() {
  mkdir -p "$folder/sysctl"
  echo "$2" >"$folder/sysctl/$(basename "$1")"
  mount --bind "$folder/sysctl/$(basename "$1")" "/proc/sys/$1"
}
sysctl_file vm/overcommit_memory 1
sysctl_file vm/panic_on_oom 0
sysctl_file kernel/panic 10
sysctl_file kernel/panic_on_oops 1
sysctl_file kernel/keys/root_maxkeys 1000000
sysctl_file kernel/keys/root_maxbytes 25000000
# Another one at each boot: that is how a kubelet knows of a reboot.
boot_id=$(cat /proc/sys/kernel/random/uuid)
sysctl_file kernel/random/boot_id "$boot_id"

mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /sys/fs/cgroup
for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
  mkdir "/sys/fs/cgroup/$controller"
  mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
done
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd

# A smaller machine than it is, where the node is told so.
if [ -f "$folder/config/meminfo" ]; then
  mount --bind "$folder/config/meminfo" /proc/meminfo
fi

mkdir -p "$folder/disk/containerd" "$folder/disk/log" "$folder/disk/kubelet"
mount --bind "$folder" /mnt
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock /run/node
mount --bind /mnt /run/node
mount -t tmpfs tmpfs /var/lib
mkdir /var/lib/containerd /var/lib/kubelet
mount --bind /run/node/disk/containerd /var/lib/containerd
# A disk of its own size, where the node is told so; it is empty again after a boot.
if [ -f /run/node/config/disk-mib ]; then
  mount -t tmpfs -o "size=$(cat /run/node/config/disk-mib)m" tmpfs /var/lib/kubelet
else
  mount --bind /run/node/disk/kubelet /var/lib/kubelet
fi
mount --bind /run/node/disk/log /var/log
for file in hosts resolv.conf machine-id; do
  mount --bind "/run/node/config/$file" "/etc/$file"
done
hostname "$name"
mount --make-rshared /

# The network interface is brought in from outside.
for _ in $(seq 500); do
  [ -e /sys/class/net/eth0 ] && break
  sleep 0.02
done
. /run/node/config/network.sh

containerd --config /run/node/config/containerd.toml >>/run/node/containerd.log 2>&1 &
echo $! >/run/containerd.pid
for _ in $(seq 500); do
  ctr version >/dev/null 2>&1 && break
  sleep 0.02
done
if [ ! -e /run/node/disk/imported ]; then
  for image in /run/node/images/*.tar; do
    ctr --namespace k8s.io images import "$image" >>/run/node/containerd.log 2>&1
  done
  touch /run/node/disk/imported
fi
touch /run/node/booted

while :; do
  sleep 86400 &
  wait $!
done
