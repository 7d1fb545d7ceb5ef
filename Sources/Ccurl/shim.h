// libcurl, whose setters and getters take any number of arguments, which Swift cannot call. One inline function
// for each type of argument.
#ifndef GIT_MIGRATE_CURL_SHIM_H
#define GIT_MIGRATE_CURL_SHIM_H

#include <curl/curl.h>

/// Gets a part of an answer: `size * count` bytes; gives how many it took.
typedef size_t (*migrate_curl_taker)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode migrate_curl_set_text(CURL *handle, CURLoption option, const char *text) {
  return curl_easy_setopt(handle, option, text);
}

static inline CURLcode migrate_curl_set_number(CURL *handle, CURLoption option, long number) {
  return curl_easy_setopt(handle, option, number);
}

static inline CURLcode migrate_curl_set_size(CURL *handle, CURLoption option, long long size) {
  return curl_easy_setopt(handle, option, (curl_off_t)size);
}

static inline CURLcode migrate_curl_set_headers(CURL *handle, struct curl_slist *list) {
  return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
}

static inline CURLcode migrate_curl_take_body(CURL *handle, migrate_curl_taker taker, void *context) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, taker);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

static inline CURLcode migrate_curl_take_headers(CURL *handle, migrate_curl_taker taker, void *context) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, taker);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}

static inline long migrate_curl_status(CURL *handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

#endif
