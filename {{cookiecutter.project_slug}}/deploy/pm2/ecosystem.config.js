// For teams whose server is run by pm2 already: pm2 start /srv/{{ cookiecutter.project_slug }}/current/deploy/pm2/ecosystem.config.js
//
// pm2 reads no environment file, so a shell does: /etc/{{ cookiecutter.project_slug }}/environment, made from .env.example
// with the values in single quotes, readable by pm2's user.
const fs = require("node:fs");

const home = "/srv/{{ cookiecutter.project_slug }}/current";
const web = fs.readFileSync(`${home}/Procfile`, "utf8").match(/^web: (.+)$/m)[1];

// The folder is to be open to nginx and to nobody else, since who reaches the socket is
// believed about HTTPS. A line in /etc/tmpfiles.d/{{ cookiecutter.project_slug }}.conf, with pm2's user:
//     d /run/{{ cookiecutter.project_slug }} 0750 {{ cookiecutter.project_slug }} www-data
const socket = "/run/{{ cookiecutter.project_slug }}/web.sock";
const door = web.includes("uvicorn ") ? `--uds ${socket} --forwarded-allow-ips '*'` : `--bind unix:${socket}`;

// pm2 stops with SIGINT, at which gunicorn drops what is in flight; SIGTERM lets it finish.
const shell = `
set -ea
. /etc/{{ cookiecutter.project_slug }}/environment
PATH=$PWD/.venv/bin:$PATH
rm -f ${socket} # at one left behind by a crash uvicorn would not start
${web} ${door} &
server=$!
status=0
trap 'kill -TERM "$server"' INT TERM
trap 'kill -HUP "$server"' HUP
while kill -0 "$server" 2> /dev/null; do wait "$server" && status=0 || status=$?; done
exit "$status"
`;

module.exports = {
  apps: [
    {
      name: "{{ cookiecutter.project_slug }}",
      cwd: home,
      script: "/bin/sh",
      args: ["-c", shell],
      interpreter: "none",
      exec_mode: "fork",
      env: { DJANGO_SETTINGS_MODULE: "config.settings.production" },
      treekill: false, // the server itself tells its workers to stop
      kill_timeout: 30000, // ms; requests in flight have 25 seconds
      exp_backoff_restart_delay: 200, // ms
    },
  ],
};
