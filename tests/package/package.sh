# Makes the Debian packages of a build and looks into them: package.sh BUILD [--install]
# As root also installs the program in a clean Debian 12 made with mmdebstrap (or a copy of DSQ_CLEAN_ROOT, a folder that holds
# one), runs the main job there, removes it and looks for what is left. With --install it is a failure if that cannot be done.
set -eu
build=$1 must=${2:-}
source=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
die() { echo "FAILED: $*"; exit 1; }

(cd "$build" && cpack -B "$folder" >"$folder/log" 2>&1) || { cat "$folder/log"; die "cpack"; }
program=$(echo "$folder"/dsquant_*_amd64.deb) library=$(echo "$folder"/libdsquant-dev_*_amd64.deb)
[ -f "$program" ] && [ -f "$library" ] || die "made: $(ls "$folder")"
dpkg-deb --contents "$program" | awk '{ print $6 }' >"$folder/files"
for file in ./usr/bin/dsquant ./usr/share/doc/dsquant/copyright ./usr/share/man/man1/dsquant.1 \
            ./usr/share/bash-completion/completions/dsquant ./usr/share/zsh/vendor-completions/_dsquant \
            ./usr/share/fish/vendor_completions.d/dsquant.fish; do
  grep -qx "$file" "$folder/files" || die "$file is not in the package"
done
if grep -Ev '^\./usr/(|bin/(dsquant)?|share/.*)$' "$folder/files" | grep -v '^\./$'; then die "that does not belong into the package"; fi
dpkg-deb --contents "$library" | awk '{ print $6 }' | grep -q '/dsquantConfig.cmake$' || die "no CMake files in the package"
depends=$(dpkg-deb --field "$program" Depends)
for needed in libc6 libstdc++6 libdnnl libprotobuf libonnx libfmt; do
  case $depends in *$needed*) ;; *) die "does not depend on $needed: $depends" ;; esac
done
dpkg-deb --extract "$program" "$folder/content"
"$folder/content/usr/bin/dsquant" selftest >"$folder/log" || { cat "$folder/log"; die "what is in the package does not work"; }
echo "$(basename "$program"): $(stat -c %s "$program") bytes, depends on $depends"

# elsewhere WHY: without --install, a machine that cannot do the rest only says so.
elsewhere() {
  [ -z "$must" ] || die "$1"
  echo "NOT installed in a clean system: $1."
  echo "Where that is possible: bash tests/package/package.sh BUILD --install"
  exit 0
}
[ "$(id -u)" = 0 ] || elsewhere "needs root"
unshare -mp --fork true 2>/dev/null || elsewhere "needs the right to make a mount namespace"
[ -n "${DSQ_CLEAN_ROOT:-}" ] || command -v mmdebstrap >/dev/null || elsewhere "needs mmdebstrap, or DSQ_CLEAN_ROOT"
root=$folder/root
if [ -n "${DSQ_CLEAN_ROOT:-}" ]; then
  cp -a "$DSQ_CLEAN_ROOT" "$root"
else
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -Eo 'https?://[^ ]*/debian/?( |$)' | head -1) || true
  mmdebstrap --quiet --variant=minbase bookworm "$root" ${mirror:+"${mirror% }"} >"$folder/log" 2>&1 ||
    { tail "$folder/log"; elsewhere "mmdebstrap could not make one"; }
fi
# inside COMMAND: as root of the clean system, with its own /proc, and nothing of this one but the network.
inside() {
  unshare --mount --pid --fork bash -c 'mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" &&
    exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
      bash -euc "$1"' "$root" "$1" >"$folder/log" 2>&1 || { tail -40 "$folder/log"; die "in the clean system: $1"; }
}
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
chmod 1777 "$root/tmp"
# What dpkg, apt and the caches of a system write about any package is no trace of this one.
listing() { (cd "$root" && find . -xdev -not -path './var/lib/dpkg/*' -not -path './var/lib/apt/*' -not -path './var/cache/*' \
  -not -path './var/log/*' -not -path './srv/*' -not -path './tmp/*' -not -path './proc/*' -not -path './dev/*' | sort); }
inside 'apt-get -q update'
listing >"$folder/before"
cp "$program" "$source/samples/shapes.onnx" "$root/srv/"
inside 'apt-get -q install -y --no-install-recommends "$(echo /srv/dsquant_*.deb)"'
inside 'dsquant selftest'
cat "$folder/log"
inside 'mkdir /srv/job && cd /srv/job && cp ../shapes.onnx . && dsquant --weights int8 --act int4 shapes.onnx &&
  [ -s shapes.dsq ] && [ -s shapes.report.json ] && [ -s shapes.report.html ] && dsquant inspect shapes.dsq'
inside 'ldd /usr/bin/dsquant | grep "not found" && exit 1; rm -r /srv/job'
inside 'apt-get -q purge -y dsquant && apt-get -q autoremove --purge -y'
inside '! dpkg-query -W dsquant'
listing >"$folder/after"
if ! diff "$folder/before" "$folder/after" >"$folder/diff"; then
  # Libraries that came with it leave what their own packages leave; nothing may carry our name.
  if grep -i dsquant "$folder/diff"; then die "left behind"; fi
  echo "left by the packages that it depends on: $(wc -l <"$folder/diff") lines"; head -5 "$folder/diff"
fi
find "$root" -xdev -iname '*dsquant*' -not -path "$root/srv/*" -not -path "$root/tmp/*" -not -path "$root/proc/*" >"$folder/named"
if [ -s "$folder/named" ]; then cat "$folder/named"; die "left behind"; fi
echo "installed, run and removed in a clean Debian 12"
