#!/bin/sh
# Launches a version of the site: sudo deploy/release.sh [tag, branch or commit]
#
# The version is built beside the running one, and nothing changes for visitors before all its
# checks have passed. When it does not answer, the one before comes back by itself. Migrations are
# not undone: let each be one that the code before can live with.
set -eu

version=${1:-HEAD} # the default branch, as it is at its origin

# Where things are; only rehearsals set these otherwise.
home=${SITE_HOME:-/srv/{{ cookiecutter.project_slug }}}
user=${SITE_USER:-{{ cookiecutter.project_slug }}}
environment=${SITE_ENVIRONMENT:-/etc/{{ cookiecutter.project_slug }}/environment}
restart=${SITE_RESTART:-systemctl restart {{ cookiecutter.project_slug }}.service}
socket=${SITE_SOCKET:-/run/{{ cookiecutter.project_slug }}/web.sock}
patience=${SITE_PATIENCE:-30} # seconds that the site may take to answer
keep=5                        # releases, the running one included

say() {
    echo "==> $*"
}

as_site() {
    if [ "$(id -un)" = "$user" ]; then "$@"; else runuser --user "$user" -- env HOME="$home" "$@"; fi
}

answers() {
    deadline=$(($(date +%s) + patience))
    until curl --silent --fail --output /dev/null --max-time 5 --unix-socket "$socket" http://localhost/readyz; do
        if [ "$(date +%s)" -ge "$deadline" ]; then return 1; fi
        sleep 1
    done
}

switch_to() {
    ln -sfn "$1" "$home/current.new"
    mv -T "$home/current.new" "$home/current" # atomic, unlike « ln -sfn » alone
    $restart 9>&- # without the lock, which what is started would hold
}

exec 9> "$home/release.lock"
flock --nonblock 9 || {
    echo "Another release is on its way; wait until it has ended." >&2
    exit 1
}

say "Fetching $version"
as_site git -C "$home/repository" fetch --quiet --tags --prune origin "+refs/heads/*:refs/heads/*"
commit=$(as_site git -C "$home/repository" rev-parse --verify --quiet "$version^{commit}") || {
    echo "There is no version $version; expected a tag, a branch or a commit, such as: main" >&2
    exit 1
}
release=$home/releases/$(date -u +%Y%m%d-%H%M%S)-$(echo "$commit" | cut -c1-8)
as_site mkdir -p "$release"
trap 'if [ "$(readlink "$home/current" || true)" != "$release" ]; then rm -rf "$release"; fi' EXIT
as_site sh -c "git -C '$home/repository' archive $commit | tar --extract --directory '$release'"
as_site ln -s "$home/media" "$release/media" # uploads outlive releases

say "Building its environment"
cd "$release"
as_site uv sync --quiet --locked --no-dev

say "Checking it and collecting static files"
set -a
. "$environment"
DJANGO_SETTINGS_MODULE=${DJANGO_SETTINGS_MODULE:-config.settings.production}
set +a
as_site .venv/bin/python manage.py check --deploy --fail-level WARNING
as_site .venv/bin/python manage.py collectstatic --noinput --verbosity 0

say "Migrating the database"
as_site .venv/bin/python manage.py migrate --noinput --verbosity 0

say "Switching to it"
previous=$(readlink "$home/current" || true)
if ! switch_to "$release" || ! answers; then
    if [ -n "$previous" ]; then
        switch_to "$previous"
        echo "The new version does not answer; the one before is back. Its log says why." >&2
    else
        echo "The new version does not answer. Its log says why." >&2
    fi
    exit 1
fi

# The oldest go. Names begin with the time, so they sort by age.
ls -1d "$home"/releases/* | head -n "-$keep" | while read -r old; do
    if [ "$old" != "$release" ]; then rm -rf "$old"; fi
done
say "Launched $version ($commit)"
