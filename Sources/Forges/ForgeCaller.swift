import CanonicalJSON
import Migration

/// Calls a forge's REST interface: sends, waits between writes, and makes errors of what it refuses.
final class ForgeCaller {
  /// The address below which its calls are.
  let base: String
  private let exchange: any HTTPExchange
  private let headers: [(name: String, value: String)]
  private let clock: () -> Timestamp
  /// Waits a moment between two that write.
  private let pause: () -> Void
  private var hasWritten = false
  /// How many calls that write it takes in an hour; `nil` where it says so itself.
  private let mostWrites: Int?
  /// When those of this hour were.
  private var writes: [Timestamp] = []

  init(
    base: String, headers: [(name: String, value: String)], exchange: any HTTPExchange,
    clock: @escaping () -> Timestamp, pause: @escaping () -> Void, mostWrites: Int? = nil
  ) {
    self.mostWrites = mostWrites
    (self.base, self.headers, self.exchange) = (base, headers, exchange)
    (self.clock, self.pause) = (clock, pause)
  }

  /// What a call answered.
  struct Reply {
    var value: StreamValue
    var headers: [String: String]
  }

  /// Calls, and reads JSON. `body` is what is sent; statuses of `allowing` are no errors, and give `null`.
  /// After `notAfter` nothing is sent.
  func call(
    _ method: String, _ path: String, _ body: JSON? = nil, allowing: Set<Int> = [],
    notAfter: Timestamp? = nil
  ) throws(ForgeError) -> Reply {
    let answer = try send(method, address(path), body, notAfter: notAfter)
    if allowing.contains(answer.status) { return Reply(value: .null, headers: answer.headers) }
    guard answer.isSuccess else { throw refusal(answer) }
    if answer.body.allSatisfy({ $0 <= 0x20 }) { return Reply(value: .null, headers: answer.headers) }
    guard let value = StreamValue.parse(answer.body) else {
      throw ForgeError.unknown("it answers something that is no JSON")
    }
    return Reply(value: value, headers: answer.headers)
  }

  /// The end of a text; `nil` where there is none, or no more.
  func text(_ path: String, last count: Int) throws(ForgeError) -> [UInt8]? {
    let answer = try send("GET", address(path), nil, lastBytes: count)
    if [403, 404, 410].contains(answer.status), rest(answer, ForgeCaller.words(answer)) == nil { return nil }
    guard answer.isSuccess else { throw refusal(answer) }
    return Array(answer.body.suffix(count))
  }

  private func address(_ path: String) -> String { path.hasPrefix("http") ? path : base + path }

  private func send(
    _ method: String, _ url: String, _ body: JSON?, lastBytes: Int? = nil, notAfter: Timestamp? = nil
  ) throws(ForgeError) -> HTTPAnswer {
    var request = HTTPRequest(method, url, headers: headers, body: body?.canonicalBytes)
    request.lastBytes = lastBytes
    if body != nil { request.headers.append(("Content-Type", "application/json")) }
    if !request.isSafe { try prepareToWrite() }
    for _ in 0..<ForgeCaller.mostRedirects {
      if let notAfter, clock() > notAfter { throw .late }
      let answer: HTTPAnswer
      do throws(HTTPFailure) { answer = try exchange.send(request) } catch {
        throw ForgeError.unknown(error.description)
      }
      guard let next = redirected(request, by: answer) else { return answer }
      request = next
    }
    throw ForgeError.refused(status: 310, "it sends on from one address to another without an end")
  }

  private static let mostRedirects = 5

  /// Waits between two that write. Of a forge with a limit an hour, what remains is for the next hour.
  private func prepareToWrite() throws(ForgeError) {
    let now = clock()
    if let mostWrites {
      writes.removeAll { $0.adding(seconds: 3600) <= now }
      if let first = writes.first, writes.count >= mostWrites {
        let left = first.adding(seconds: 3600).milliseconds - now.milliseconds
        throw .rests(seconds: max(1, Int(left / 1000)), reason: "\(writes.count) calls in an hour are enough")
      }
    }
    if hasWritten { pause() }
    hasWritten = true
    if mostWrites != nil { writes.append(now) }
  }

  /// What is asked next where an answer sends on to another address. What writes is sent on within the same
  /// place alone, and nowhere goes the token with it but there.
  private func redirected(_ request: HTTPRequest, by answer: HTTPAnswer) -> HTTPRequest? {
    guard [301, 302, 303, 307, 308].contains(answer.status), let location = answer.headers["location"],
      let origin = ForgeCaller.origin(request.url)
    else { return nil }
    let url = location.hasPrefix("/") && !location.hasPrefix("//") ? origin + location : location
    guard let target = ForgeCaller.origin(url) else { return nil }
    // What was asked under lock is not asked in the open.
    if origin.hasPrefix("https:"), !target.hasPrefix("https:") { return nil }
    // Files lie elsewhere; what a call says does not.
    guard target == origin || request.lastBytes != nil else { return nil }
    guard request.isSafe || [307, 308].contains(answer.status) else { return nil }
    var next = request
    next.url = url
    if target != origin { next.headers = [] }
    return next
  }

  /// `https://host:port` of an address; `nil` for one that programs may read in two ways, as of
  /// `https://host\@other/`, for whose host some take the one and some the other.
  static func origin(_ url: String) -> String? {
    for scheme in ["https://", "http://"] where url.lowercased().hasPrefix(scheme) {
      let host = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
      return ForgePlace.isHost(host) ? scheme + host.lowercased() : nil
    }
    return nil
  }

  /// The whole of a list that comes in pages; at most `most` items. Statuses of `allowing` give none.
  func list(
    _ path: String, key: String? = nil, most: Int = 1000, allowing: Set<Int> = []
  ) throws(ForgeError) -> [StreamValue] {
    var items: [StreamValue] = []
    var next: String? = path
    while let page = next, items.count < most {
      let reply = try call("GET", page, allowing: allowing)
      items += (key.map { reply.value[$0] ?? .null } ?? reply.value).elements
      next = nextPage(after: page, reply.headers)
    }
    return items
  }

  private func nextPage(after page: String, _ headers: [String: String]) -> String? {
    // Only of the same place: the token goes with it.
    if let link = headers["link"], let url = ForgeCaller.next(link), url.hasPrefix(base + "/") {
      return url
    }
    if let number = headers["x-next-page"], let number = Int(number), number > 1 {
      let kept = page.split(separator: "&").filter { !$0.hasPrefix("page=") }.joined(separator: "&")
      return "\(kept)&page=\(number)"
    }
    return nil
  }

  /// The address after this page, of `<url>; rel="next", …`.
  static func next(_ link: String) -> String? {
    for part in link.split(separator: ",") where part.contains("rel=\"next\"") {
      guard let open = part.firstIndex(of: "<"), let close = part.firstIndex(of: ">"), open < close else {
        continue
      }
      return String(part[part.index(after: open)..<close])
    }
    return nil
  }

  /// What a refusal means.
  private func refusal(_ answer: HTTPAnswer) -> ForgeError {
    let words = ForgeCaller.words(answer)
    if let seconds = rest(answer, words) { return .rests(seconds: seconds, reason: words) }
    switch answer.status {
    case 401: return .unauthorized(words)
    case 409: return .exists
    case 422 where words.lowercased().contains("already exists"): return .exists
    case 500...: return .unknown("\(answer.status): \(words)")
    default: return .refused(status: answer.status, words)
    }
  }

  /// How long it is to be let alone, when that is what it means: told by a header, or by its words.
  private func rest(_ answer: HTTPAnswer, _ words: String) -> Int? {
    guard [403, 422, 429, 503].contains(answer.status) else { return nil }
    if let text = answer.headers["retry-after"] {
      if let seconds = Int(text) { return max(1, seconds) }
      return HTTPDate.seconds(text).map { max(1, Int($0 - clock().seconds)) } ?? 60
    }
    for (left, reset) in [
      ("x-ratelimit-remaining", "x-ratelimit-reset"), ("ratelimit-remaining", "ratelimit-reset"),
    ] where answer.headers[left] == "0" {
      let now = clock().seconds
      if let time = answer.headers[reset].flatMap({ Int64($0) }) { return max(1, Int(time - now)) }
      return 60
    }
    let folded = words.lowercased()
    if answer.status == 429 || folded.contains("rate limit") || folded.contains("abuse") { return 60 }
    // It takes no more of them for a good while.
    return answer.status == 422 && folded.contains("submitted too quickly") ? 3600 : nil
  }

  /// What a forge says in its answer, on one line.
  static func words(_ answer: HTTPAnswer) -> String {
    guard let value = StreamValue.parse(answer.body) else { return "status \(answer.status)" }
    var texts: [String] = []
    func take(_ value: StreamValue?) {
      switch value {
      case .string(let text): texts.append(text)
      case .array(let items): for item in items.prefix(5) { take(item["message"] ?? item) }
      case .object(let members): for key in members.keys.sorted().prefix(5) { take(members[key]) }
      case .null, .bool, .number, nil: break
      }
    }
    take(value["message"])
    take(value["error"])
    take(value["errors"])
    let line = texts.joined(separator: "; ").split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.isEmpty ? "status \(answer.status)" : String(line.prefix(300))
  }
}

/// Times as headers have them: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  /// Seconds since the Unix epoch; `nil` for what is none.
  static func seconds(_ text: String) -> Int64? {
    let words = text.split(separator: " ")
    guard words.count == 6, let day = Int(words[1]), let year = Int(words[3]),
      let month = CivilDate.month(named: words[2]), (1...31).contains(day),
      (1970...9999).contains(year)
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int64($0) }
    guard clock.count == 3 else { return nil }
    let days = Int64(CivilDate(year: year, month: month, day: day).daysSinceEpoch)
    return days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
  }
}

extension String {
  /// The text as a part of an address: all but letters, digits and `-._~` escaped.
  public var urlEscaped: String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in utf8 {
      let isPlain =
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-._~".utf8.contains(byte)
      if isPlain {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension StreamValue {
  /// The id of a commit, when this is one.
  var objectID: ObjectID? { text.flatMap { ObjectID($0) } }
}

/// An object for a request.
func fields(_ members: (String, JSON?)...) -> JSON {
  .object(members.compactMap { key, value in value.map { JSON.Member(key, $0) } })
}

/// A list of texts for a request.
func texts(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }
