# What the two commands share: packages and the release build. Sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PACKAGES=(cmake ninja-build g++ pkg-config python3 zlib1g-dev libdnnl-dev ocl-icd-opencl-dev libfmt-dev
  nlohmann-json3-dev libcli11-dev libpng-dev libjpeg62-turbo-dev libwebp-dev libutf8proc-dev libpcre2-dev libfreetype-dev
  fonts-dejavu-core "$@")

# Installs what is missing; asks nothing, and asks apt nothing when everything is there.
install_packages() {
  local missing=()
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get)
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Install these packages first: ${missing[*]}" >&2; exit 1; }
    apt=(sudo "${apt[@]}")
  fi
  echo "Installing: ${missing[*]}" >&2
  "${apt[@]}" update -q >&2
  "${apt[@]}" install -q -y --no-install-recommends --no-remove "${missing[@]}" >&2
}

# configure_and_build PRESET [TARGET...]
configure_and_build() {
  local preset=$1
  shift
  cmake --preset "$preset" >&2
  if [ $# -gt 0 ]; then
    cmake --build --preset "$preset" --target "$@" >&2
  else
    cmake --build --preset "$preset" >&2
  fi
}
