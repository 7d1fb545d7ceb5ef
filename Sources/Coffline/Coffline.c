// Where libgit2 is a part of the program (`isWithin` in Package.swift), these stand in for its ways to servers:
// an archive is only asked for what nobody has yet. The git program talks to servers here, with the user's keys
// and helpers, and libgit2 never does. The libraries for ssh, TLS and Kerberos that it would bring along are
// seven megabytes, and to load them took three quarters of the time in which the program starts.
//
// The names are those of libgit2 1.5, the only version for which this is done.
#ifdef MIGRATE_LIBGIT2_WITHIN

#include <git2/errors.h>
#include <git2/sys/transport.h>

static int refuse(void) {
  git_error_set_str(GIT_ERROR_NET, "this libgit2 reaches no servers");
  return GIT_ENOTFOUND;
}

int git_smart_subtransport_http(git_smart_subtransport **out, git_transport *owner, void *parameter) {
  (void)out, (void)owner, (void)parameter;
  return refuse();
}

int git_smart_subtransport_ssh(git_smart_subtransport **out, git_transport *owner, void *parameter) {
  (void)out, (void)owner, (void)parameter;
  return refuse();
}

// An option of HTTP, which libgit2's list of options names.
unsigned char git_http__expect_continue = 0;

int git_transport_ssh_global_init(void) { return 0; }

int git_mbedtls_stream_global_init(void) { return 0; }

int git_mbedtls__set_cert_location(const char *file, const char *path) {
  (void)file, (void)path;
  return refuse();
}

int git_mbedtls_stream_new(void *out, const char *host, const char *port) {
  (void)out, (void)host, (void)port;
  return refuse();
}

int git_mbedtls_stream_wrap(void *out, void *in, const char *host) {
  (void)out, (void)in, (void)host;
  return refuse();
}

#endif
