"""gunicorn reads this file by itself: https://gunicorn.org/reference/settings/

PORT, WEB_CONCURRENCY (worker processes) and FORWARDED_ALLOW_IPS (proxies whose
X-Forwarded-Proto is believed) come from the environment, as gunicorn reads them.
"""

import os

# Threads let a worker serve others while one request waits for the database, and finish
# what is in flight when the server is told to stop.
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 4)

# Each worker is replaced after about this many requests, so that what leaks is given
# back; the jitter keeps them from all doing so at once.
max_requests = 10_000
max_requests_jitter = 1_000

timeout = 30  # seconds a worker may be silent before it is replaced
graceful_timeout = 25  # seconds for requests in flight; Heroku kills after 30, Docker after what « stop_grace_period » says
keepalive = 5  # seconds; a proxy in front should keep connections for less

# Nobody should be able to steer the server through a socket in the home directory.
control_socket_disable = True
