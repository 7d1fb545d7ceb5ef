/// A place where people have issues, as a forge has them. One request at a time; nothing is sent twice by
/// itself.
public protocol IssueTracker: AnyObject {
  /// Its host, as the ledger names it.
  var host: String { get }
  /// All issues that bear a label, open ones and closed ones.
  func issues(labelled label: String) throws(ForgeError) -> [ForgeIssue]
  /// Opens one; it is open whatever the draft says. Labels that are not there yet are made.
  func open(_ draft: IssueDraft) throws(ForgeError) -> ForgeIssue
  /// Makes one as it is to be.
  func change(_ issue: ForgeIssue, to draft: IssueDraft) throws(ForgeError)
}

/// An issue as a forge tells it.
public struct ForgeIssue: Equatable, Sendable {
  /// Its number there.
  public var number: Int
  /// Where people look at it.
  public var url: String?
  /// What it is.
  public var draft: IssueDraft

  /// Makes one.
  public init(number: Int, url: String?, _ draft: IssueDraft) {
    (self.number, self.url, self.draft) = (number, url, draft)
  }
}

/// What an issue is to be.
public struct IssueDraft: Equatable, Sendable {
  /// Its title.
  public var title: String
  /// Its text.
  public var body: String
  /// Its labels, in no order.
  public var labels: Set<String>
  /// Whether it is closed, and how.
  public var end: End?

  /// How an issue can be closed. Only GitHub tells the two from each other.
  public enum End: Sendable {
    /// It is done.
    case completed
    /// Nobody will do it.
    case notPlanned
  }

  /// Makes one.
  public init(title: String, body: String, labels: Set<String>, end: End? = nil) {
    (self.title, self.body, self.labels, self.end) = (title, body, labels, end)
  }
}
