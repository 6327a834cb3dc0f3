#!/usr/bin/env bash
# Zensical's --strict passes a navigation that names a page which is not there, and every page of
# the site then links to nothing. One would expect it to fail, as it does for such a link in a
# text, and as MkDocs, whose configuration it reads, does with the same option.
#
# Versions: Python 3.11, zensical 0.0.73, mkdocs 1.6.1 (with click 8.5.1).
# Output seen:
#   zensical, link in a text   fails: True
#   zensical, navigation       fails: False
#   mkdocs, navigation         fails: True
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv tools
tools/bin/pip install --quiet zensical==0.0.73 mkdocs==1.6.1 click==8.5.1

fails() {
    if "$@" >>log.txt 2>&1; then echo False; else echo True; fi
}

mkdir docs
printf 'site_name: site\nnav:\n  - Home: index.md\n  - Gone: gone.md\n' >nav.yml
printf 'site_name: site\nnav:\n  - Home: index.md\n' >text.yml
{
    printf '# Home\n\n[Gone](gone.md)\n' >docs/index.md
    echo "zensical, link in a text   fails: $(fails tools/bin/zensical build --clean --strict -f text.yml)"
    printf '# Home\n' >docs/index.md
    echo "zensical, navigation       fails: $(fails tools/bin/zensical build --clean --strict -f nav.yml)"
    echo "mkdocs, navigation         fails: $(fails tools/bin/mkdocs build --strict -f nav.yml)"
} >seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
zensical, link in a text   fails: True
zensical, navigation       fails: False
mkdocs, navigation         fails: True
SEEN
