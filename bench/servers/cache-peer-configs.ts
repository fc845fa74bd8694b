/** What the caches written in C are told: as Kerb is, memory for everything, an hour, one request to the origin for many. Pure. */

/** Where a peer listens and what it is in front of. */
export interface PeerPlace {
  readonly port: number;
  readonly originPort: number;
  /** An empty folder of its own. */
  readonly folder: string;
}

/** Of nginx: one worker; stored in files, which the system keeps in memory. `user` is root's alone to say. */
export function nginxConfig({ port, originPort, folder }: PeerPlace, user: 'root' | 'same'): string {
  return `${user === 'root' ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 2048; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=20000 inactive=1h;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/temp;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/stored levels=1:2 keys_zone=stored:64m max_size=512m inactive=1h use_temp_path=off;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_cache stored;
      proxy_cache_key $host$request_uri;
      proxy_cache_lock on;
      proxy_force_ranges on;
      proxy_hide_header Surrogate-Key;
      add_header X-Cache $upstream_cache_status;
    }
  }
}
`;
}

/** Of Varnish, in its own language; a BAN ends what has the tag in `x-tag`. */
export function varnishProgram({ originPort }: Pick<PeerPlace, 'originPort'>): string {
  return `vcl 4.1;
backend origin { .host = "127.0.0.1"; .port = "${originPort}"; }
sub vcl_recv {
  if (req.method == "BAN") {
    ban("obj.http.surrogate-key == " + req.http.x-tag);
    return (synth(200));
  }
}
sub vcl_deliver {
  unset resp.http.surrogate-key;
  if (obj.hits > 0) { set resp.http.x-cache = "HIT"; } else { set resp.http.x-cache = "MISS"; }
}
`;
}
