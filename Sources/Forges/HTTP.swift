/// A request, before anybody has sent it.
public struct HTTPRequest: Equatable, Sendable {
  /// `GET`, `POST`, `PATCH`, `PUT` or `DELETE`.
  public var method: String
  /// The whole address.
  public var url: String
  /// Names and values; a name at most once.
  public var headers: [(name: String, value: String)]
  /// What is sent, or `nil`.
  public var body: [UInt8]?
  /// How many bytes from the end of a successful answer are wanted; `nil` is all of it.
  public var lastBytes: Int?

  /// Makes a request.
  public init(
    _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }

  /// Whether it may be sent again when nobody knows whether it arrived.
  public var isSafe: Bool { method == "GET" || method == "HEAD" }

  /// Whether two requests say the same, headers in their order.
  public static func == (left: HTTPRequest, right: HTTPRequest) -> Bool {
    left.method == right.method && left.url == right.url && left.body == right.body
      && left.lastBytes == right.lastBytes
      && left.headers.elementsEqual(right.headers) { $0 == $1 }
  }
}

/// What a server answered.
public struct HTTPAnswer: Equatable, Sendable {
  /// The status, such as 200.
  public var status: Int
  /// The headers by their names in lower case; of several of one name the last.
  public var headers: [String: String]
  /// The content.
  public var body: [UInt8]

  /// Makes an answer.
  public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// Whether it is a success.
  public var isSuccess: Bool { (200..<300).contains(status) }
}

/// Why there is no answer.
public struct HTTPFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// In words, for people.
  public var description: String
  /// Whether the request cannot have arrived, so that it may be sent again.
  public var isUnsent: Bool

  /// Makes a failure.
  public init(_ description: String, isUnsent: Bool = false) {
    self.description = description
    self.isUnsent = isUnsent
  }
}

/// Whoever can send a request: libcurl, or a test.
public protocol HTTPExchange {
  /// Sends a request and gives the answer, whatever its status. Follows no redirect.
  func send(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPAnswer
}
