import Cmicrohttpd
import Synchronization

/// What the threads of the server share.
final class ServerRoom: Sendable {
  let pages: SharedPages
  private let ownPort = Mutex(UInt16(0))

  init(_ pages: SharedPages) { self.pages = pages }

  func open(port: UInt16) { ownPort.withLock { $0 = port } }

  /// The names that this server has for its readers.
  var hosts: [String] {
    let port = ownPort.withLock { $0 }
    return ["127.0.0.1:\(port)", "localhost:\(port)"]
  }
}

/// Called by the library, on the connection's own thread, first with the head alone and then once more.
func answerRequest(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ upload: UnsafePointer<CChar>?,
  _ size: UnsafeMutablePointer<Int>?, _ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let context, let connection, let url, let method, let place else { return migrate_server_no() }
  if place.pointee == nil {
    place.pointee = context
    return migrate_server_yes()
  }
  // What is sent along is read by nobody.
  if let size, size.pointee > 0 {
    size.pointee = 0
    return migrate_server_yes()
  }
  let room = Unmanaged<ServerRoom>.fromOpaque(context).takeUnretainedValue()
  let request = Request(
    connection: connection, path: String(cString: url), method: String(cString: method))
  return request.answered(room)
}

/// One request, and what is to be said to it.
struct Request {
  let connection: OpaquePointer
  let path: String
  let method: String

  func answered(_ room: ServerRoom) -> MHD_Result {
    let hosts = values("host")
    // Another name for this machine is another site's page that asks (DNS rebinding).
    guard hosts.count == 1, room.hosts.contains(hosts[0]) else {
      return text(421, "this server has another name\n")
    }
    if method == "POST", let control = room.pages.control { return done(by: control, hosts[0], room) }
    guard method == "GET" || method == "HEAD" else { return text(405, "this page is for reading\n") }
    if values("sec-fetch-site").contains(where: { $0 == "cross-site" }) {
      return text(403, "another site may not ask\n")
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 3, parts[0].isEmpty, Request.isSame(parts[1], room.pages.token) else {
      return text(404, "there is nothing here\n")
    }
    if parts.count == 3, parts[2].isEmpty { return start(room) }
    if parts.count == 3, parts[2] == "metrics" {
      wait(for: room.pages.ask(), room)
      return send(200, "text/plain; version=0.0.4; charset=utf-8", Array(room.pages.metrics.utf8))
    }
    guard parts.count == 4, let page = room.pages.page(parts[2]) else {
      return text(404, "there is nothing here\n")
    }
    switch parts[3] {
    case "":
      room.pages.ask()
      return send(200, "text/html; charset=utf-8", page.html)
    case "events": return stream(page, room)
    default: return text(404, "there is nothing here\n")
    }
  }

  /// Does what the page asks for: `TOKEN/MIGRATION/ACTION` or `TOKEN/MIGRATION/ACTION/SUBJECT`. Only the page
  /// itself may: another site's knows neither the token nor can it say that it comes from here.
  private func done(by control: PageControl, _ host: String, _ room: ServerRoom) -> MHD_Result {
    guard values("origin") == ["http://\(host)"] else { return text(403, "another site may not ask\n") }
    if values("sec-fetch-site").contains(where: { $0 != "same-origin" }) {
      return text(403, "another site may not ask\n")
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (4...5).contains(parts.count), parts[0].isEmpty, Request.isSame(parts[1], room.pages.token),
      room.pages.page(parts[2]) != nil,
      let action = PageControl.Action(rawValue: parts[3])
    else { return text(404, "there is nothing here\n") }
    guard let answer = control.perform(action, parts.count == 5 ? parts[4] : nil, of: parts[2]) else {
      return text(400, "that cannot be asked for\n")
    }
    room.pages.ask()
    return text(answer.isDone ? 200 : 409, answer.words + "\n")
  }

  /// How often it is looked whether the ledger was looked at, and after how many looks what is known will do.
  private static let looks = (milliseconds: Int32(25), most: 120)

  /// Waits until the ledger was looked at: whoever asks once a minute is not to hear how it stood a minute
  /// ago.
  private func wait(for question: Int, _ room: ServerRoom) {
    var looks = 0
    while looks < Request.looks.most, !room.pages.isAnswered(question) {
      _ = migrate_server_wait(-1, Request.looks.milliseconds)
      looks += 1
    }
  }

  /// The one migration, or a list of them.
  private func start(_ room: ServerRoom) -> MHD_Result {
    let names = room.pages.names
    if names.count == 1, let name = names.first {
      return send(302, "text/plain", [], others: [("Location", "/\(room.pages.token)/\(name)/")])
    }
    // Names are of letters, digits, dots and dashes.
    let rows = names.map { "<li><a href=\"\($0)/\">\($0)</a>" }.joined()
    let html =
      "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
      + "<title>Migrations</title><h1>Migrations</h1><ul>\(rows)</ul></html>\n"
    return send(200, "text/html; charset=utf-8", Array(html.utf8))
  }

  /// Compares in a time that does not tell how much is right.
  static func isSame(_ one: String, _ other: String) -> Bool {
    let (left, right) = (Array(one.utf8), Array(other.utf8))
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
  }

  /// All values of a head's name, of which there may be several.
  func values(_ wanted: String) -> [String] {
    let found = FoundHeaders(wanted)
    _ = migrate_request_heads(
      connection,
      { context, _, name, value in
        guard let context, let name, let value else { return migrate_server_yes() }
        let found = Unmanaged<FoundHeaders>.fromOpaque(context).takeUnretainedValue()
        if String(cString: name).lowercased() == found.wanted { found.values.append(String(cString: value)) }
        return migrate_server_yes()
      }, Unmanaged.passUnretained(found).toOpaque())
    return found.values
  }

  // MARK: Answers

  private static let heads = [
    ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"), ("Cross-Origin-Resource-Policy", "same-origin"),
  ]

  private func text(_ code: UInt32, _ words: String) -> MHD_Result {
    send(code, "text/plain; charset=utf-8", Array(words.utf8))
  }

  private func send(
    _ code: UInt32, _ type: String, _ bytes: [UInt8], others: [(String, String)] = []
  ) -> MHD_Result {
    guard let response = migrate_response(bytes, bytes.count) else { return migrate_server_no() }
    return queue(response, code, type, others)
  }

  private func queue(
    _ response: OpaquePointer, _ code: UInt32, _ type: String, _ others: [(String, String)]
  ) -> MHD_Result {
    defer { MHD_destroy_response(response) }
    for (name, value) in Request.heads + [("Content-Type", type)] + others {
      MHD_add_response_header(response, name, value)
    }
    return MHD_queue_response(connection, code, response)
  }

  /// An endless answer: a line for each change of the page.
  private func stream(_ page: SharedPages.Page, _ room: ServerRoom) -> MHD_Result {
    let last = values("last-event-id").first.flatMap { Int($0) } ?? -1
    let stream = PageStream(page.name, room.pages, seen: last)
    let context = Unmanaged.passRetained(stream).toOpaque()
    guard
      let response = MHD_create_response_from_callback(
        UInt64.max, 4096,
        { context, _, buffer, most in
          guard let context, let buffer else { return -1 }
          return Unmanaged<PageStream>.fromOpaque(context).takeUnretainedValue().read(into: buffer, most)
        }, context, { context in if let context { Unmanaged<PageStream>.fromOpaque(context).release() } })
    else {
      Unmanaged<PageStream>.fromOpaque(context).release()
      return migrate_server_no()
    }
    return queue(response, 200, "text/event-stream", [])
  }
}

/// Collects what the library tells one by one.
private final class FoundHeaders {
  let wanted: String
  var values: [String] = []
  init(_ wanted: String) { self.wanted = wanted }
}
