import Ccurl
import Forges

/// Speaks HTTP by libcurl: one request at a time, no redirects, no cookies, no `.netrc`. A proxy is taken
/// from the environment, as every program does.
public final class WebClient: HTTPExchange {
  /// Where it stops to read an answer, in bytes.
  private static let limit = 32 << 20
  private let agent: String
  private let certificates: String?
  private let seconds: Int

  /// Makes a client that names itself `agent`. `certificates` is a file of authorities to be trusted in place
  /// of the system's; a request may take so many `seconds`.
  public init(agent: String, certificates: String? = nil, seconds: Int = 60) {
    self.agent = agent
    self.certificates = certificates
    self.seconds = seconds
    _ = Self.isReady
  }

  /// The library is begun once and never ended.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Sends a request. Throws in words what kept an answer away.
  public func send(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPAnswer {
    guard let handle = curl_easy_init() else { throw HTTPFailure("libcurl cannot begin", isUnsent: true) }
    defer { curl_easy_cleanup(handle) }
    var list: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(list) }
    for (name, value) in request.headers {
      // A line end would begin a header of somebody else's.
      guard !(name + value).unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
        throw HTTPFailure("the header '\(name)' holds a control character", isUnsent: true)
      }
      list = curl_slist_append(list, "\(name): \(value)")
    }
    let taken = Taken(limit: Self.limit, last: request.lastBytes)
    set(handle, request, list)
    let code = withExtendedLifetime(taken) {
      let context = Unmanaged.passUnretained(taken).toOpaque()
      migrate_curl_take_body(handle, WebClient.takeBody, context)
      migrate_curl_take_headers(handle, WebClient.takeHeader, context)
      return perform(handle, request.body)
    }
    guard code == CURLE_OK else {
      let unsent = [
        CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_COULDNT_RESOLVE_PROXY,
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
      ]
      throw HTTPFailure(String(cString: curl_easy_strerror(code)), isUnsent: unsent.contains(code))
    }
    return HTTPAnswer(
      status: Int(migrate_curl_status(handle)), headers: taken.headers, body: taken.body)
  }

  private func set(
    _ handle: UnsafeMutableRawPointer, _ request: HTTPRequest, _ list: UnsafeMutablePointer<curl_slist>?
  ) {
    migrate_curl_set_text(handle, CURLOPT_URL, request.url)
    migrate_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
    migrate_curl_set_text(handle, CURLOPT_USERAGENT, agent)
    migrate_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
    migrate_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
    migrate_curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0)
    migrate_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, min(seconds, 20))
    migrate_curl_set_number(handle, CURLOPT_TIMEOUT, seconds)
    migrate_curl_set_headers(handle, list)
    if let certificates { migrate_curl_set_text(handle, CURLOPT_CAINFO, certificates) }
  }

  private func perform(_ handle: UnsafeMutableRawPointer, _ body: [UInt8]?) -> CURLcode {
    guard let body else { return curl_easy_perform(handle) }
    return body.withUnsafeBytes { bytes in
      migrate_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, Int64(bytes.count))
      // The library keeps the pointer while it performs, and no longer.
      let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      migrate_curl_set_text(handle, CURLOPT_POSTFIELDS, start)
      return curl_easy_perform(handle)
    }
  }

  /// What has come of an answer.
  private final class Taken {
    var body: [UInt8] = []
    var headers: [String: String] = [:]
    let limit: Int
    /// How much of the end is wanted, where that is not all.
    let last: Int?

    init(limit: Int, last: Int?) { (self.limit, self.last) = (limit, last) }

    /// Takes a piece of the body; says whether there is room for it.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
      guard let last else {
        guard body.count + bytes.count <= limit else { return false }
        body += bytes
        return true
      }
      body += bytes
      if body.count > 2 * last + bytes.count { body.removeFirst(body.count - last) }
      return true
    }

    /// A line of the head; a status line begins another answer (`100 Continue` came before).
    func head(_ line: String) {
      if line.hasPrefix("HTTP/") {
        headers = [:]
        return
      }
      guard let colon = line.firstIndex(of: ":") else { return }
      let value = line[line.index(after: colon)...].drop { $0.isWhitespace }
      headers[line[..<colon].lowercased()] = String(value.reversed().drop { $0.isWhitespace }.reversed())
    }
  }

  private static let takeBody: migrate_curl_taker = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let taken = Unmanaged<Taken>.fromOpaque(context).takeUnretainedValue()
    return taken.take(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
  }

  private static let takeHeader: migrate_curl_taker = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
    Unmanaged<Taken>.fromOpaque(context).takeUnretainedValue().head(line)
    return size * count
  }
}
