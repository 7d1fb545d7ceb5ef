// libmicrohttpd. What starts it takes any number of arguments, which Swift cannot give.
#pragma once
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/// A server on the loopback address alone, with a thread for each connection, or NULL.
static inline struct MHD_Daemon *migrate_server_start(
    unsigned short port, MHD_AccessHandlerCallback handler, void *context, unsigned connections,
    unsigned idle_seconds, size_t head) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return MHD_start_daemon(
      MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, port, NULL, NULL, handler, context,
      MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT, connections,
      MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, head, MHD_OPTION_END);
}

/// The port that a server listens on.
static inline unsigned short migrate_server_port(struct MHD_Daemon *server) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
  return info ? info->port : 0;
}

/// Waits until `descriptor` (none when negative) can be read, at most for so many milliseconds.
static inline int migrate_server_wait(int descriptor, int milliseconds) {
  struct pollfd entry = {.fd = descriptor, .events = POLLIN};
  return poll(&entry, 1, milliseconds);
}

/// The library's yes and no, whose names Swift makes others of.
static inline enum MHD_Result migrate_server_yes(void) { return MHD_YES; }
static inline enum MHD_Result migrate_server_no(void) { return MHD_NO; }

/// Calls `visit` with each head of a request.
static inline int migrate_request_heads(
    struct MHD_Connection *connection, MHD_KeyValueIterator visit, void *context) {
  return MHD_get_connection_values(connection, MHD_HEADER_KIND, visit, context);
}

/// An answer of a copy of these bytes, or NULL.
static inline struct MHD_Response *migrate_response(const void *bytes, size_t size) {
  return MHD_create_response_from_buffer(size, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}
