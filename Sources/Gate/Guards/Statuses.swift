/// The numbers of answers by HTTP, and what libraries call them.
enum Statuses {
  /// Their names without case and signs.
  static let names = [
    200: "ok", 201: "created", 202: "accepted", 204: "nocontent", 301: "movedpermanently", 302: "found",
    303: "seeother", 304: "notmodified", 307: "temporaryredirect", 308: "permanentredirect",
    400: "badrequest", 401: "unauthorized", 403: "forbidden", 404: "notfound", 405: "methodnotallowed",
    409: "conflict", 410: "gone", 412: "preconditionfailed", 415: "unsupportedmediatype",
    422: "unprocessableentity", 429: "toomanyrequests", 500: "internalservererror", 501: "notimplemented",
    502: "badgateway", 503: "serviceunavailable", 504: "gatewaytimeout",
  ]

  private static let numbers = Dictionary(uniqueKeysWithValues: names.map { ($1, $0) }).merging([
    "unprocessable": 422, "unprocessablecontent": 422, "servererror": 500,
  ]) { $1 }

  /// The number that a word without case and signs stands for: `notfound`, `statusnotfound`, `isnotfound`.
  static func number(of word: String) -> Int? {
    if let number = numbers[word] { return number }
    for start in ["status", "httpstatus", "http", "is", "sc", "assert"] {
      if let rest = word[...].dropping(start), let number = numbers[String(rest)] { return number }
    }
    return nil
  }

  /// Whether a verb of HTTP is a part of a call's name: `getJson(…)` and `json('GET', …)`.
  static func isVerb(_ value: String, of calls: Set<String>) -> Bool {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(value)
      && calls.contains { $0.lowercased()[...].hasPrefix(value.lowercased()) }
  }

  /// Those that a code gives, by number or by a constant's name.
  static func given(by code: SourceCode) -> Set<Int> {
    code.indices.reduce(into: []) { found, index in
      let token = code.tokens[index]
      switch token.kind {
      case .number: if let number = Int(token.text), names[number] != nil { found.insert(number) }
      case .word:
        // `HTTPStatus.CREATED`, `StatusCreated`, `:created`
        let isConstant =
          code.isMark(index - 1, ".") || code.isMark(index - 1, ":") || token.text.hasPrefix("Status")
          || token.text.hasPrefix("HTTP_")
        if isConstant, let number = number(of: TestCase.plain(token.text)) { found.insert(number) }
      case .string, .mark, .newline: break
      }
    }
  }
}
