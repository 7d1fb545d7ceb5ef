import Migration

/// A place where people look at pull requests. One request at a time; nothing is sent twice by itself.
public protocol Forge: AnyObject {
  /// Its host, as the ledger names it.
  var host: String { get }
  /// The pull request of a branch, whatever became of it; an open one before others. Found by its branch:
  /// what was opened by a run that died is found, too.
  func find(branch: String) throws(ForgeError) -> PullRequest?
  /// Opens one. Throws `exists` where somebody else was faster.
  func create(_ draft: PullRequestDraft) throws(ForgeError) -> PullRequest
  /// Gives one another text, and another title where there is one.
  func setText(title: String?, body: String, of number: Int) throws(ForgeError)
  /// Makes a draft one that people are asked to merge. What is none stays as it is.
  func makeReady(_ number: Int) throws(ForgeError)
  /// Marks one; what is there stays.
  func addLabels(_ labels: [String], to number: Int) throws(ForgeError)
  /// Asks for reviews, by the forge's names of people and of teams.
  func ask(_ reviewers: [String], about number: Int) throws(ForgeError)
  /// What became of one.
  func look(_ number: Int) throws(ForgeError) -> ForgeSight
  /// What the failed jobs for a commit of one printed; none where the forge has no logs, or gives none away.
  func failedLogs(of number: Int, at head: ObjectID) throws(ForgeError) -> [FailedLog]
}

/// A pull request as a forge tells it.
public struct PullRequest: Equatable, Sendable {
  /// Its number there.
  public var number: Int
  /// Where people look at it.
  public var url: String?
  /// What it is.
  public var state: State
  /// Its title, without what marks a draft.
  public var title = ""
  /// Its text.
  public var body: String
  /// Where its branch is.
  public var head: ObjectID?

  /// What a pull request can be.
  public enum State: String, Sendable { case open, draft, merged, closed }

  /// Makes one.
  public init(number: Int, url: String?, state: State, body: String = "", head: ObjectID? = nil) {
    (self.number, self.url, self.state, self.body, self.head) = (number, url, state, body, head)
  }

  /// Whether people can still say something about it.
  public var isOpen: Bool { state == .open || state == .draft }
}

/// A pull request that is to be opened.
public struct PullRequestDraft: Equatable, Sendable {
  /// The branch with the work.
  public var branch: String
  /// The branch that it is for.
  public var base: String
  /// Its title.
  public var title: String
  /// Its text.
  public var body: String
  /// Whether nobody is asked to merge it yet.
  public var isDraft: Bool
  /// When it is too late to ask for it, looked at right before it is sent: from then on somebody else may
  /// have opened it, and it may have been merged, which no forge refuses a second one for.
  public var notAfter: Timestamp?

  /// Makes one.
  public init(
    branch: String, base: String, title: String, body: String, isDraft: Bool, notAfter: Timestamp? = nil
  ) {
    (self.branch, self.base, self.title, self.body, self.isDraft) = (branch, base, title, body, isDraft)
    self.notAfter = notAfter
  }

  /// The longest text that every forge takes, in bytes.
  public static let longestBody = 60_000
}

/// What a forge says became of a pull request.
public struct ForgeSight: Equatable, Sendable {
  /// As the ledger keeps it.
  public var sight: PublicationSight
  /// The commit of the base that it was merged by, where the forge tells it.
  public var merge: ObjectID?
  /// Its title, without what marks a draft.
  public var title: String
  /// Its text.
  public var body: String

  /// Makes one.
  public init(_ sight: PublicationSight, merge: ObjectID? = nil, title: String = "", body: String = "") {
    (self.sight, self.merge, self.title, self.body) = (sight, merge, title, body)
  }
}

/// Why a forge did not do it.
public enum ForgeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// It is asked too much: nothing before then.
  case rests(seconds: Int, reason: String)
  /// There is such a pull request already.
  case exists
  /// It does not take the token.
  case unauthorized(String)
  /// It says no.
  case refused(status: Int, String)
  /// Nobody knows whether it was done.
  case unknown(String)
  /// It was not asked: by now somebody else may have done it.
  case late

  /// In words, for people.
  public var description: String {
    switch self {
    case .rests(let seconds, let reason): "the forge rests for \(seconds) s: \(reason)"
    case .exists: "there is such a pull request already"
    case .unauthorized(let words): "the forge does not take the token: \(words)"
    case .refused(let status, let words): "the forge says no (\(status)): \(words)"
    case .unknown(let words): "the forge cannot be reached: \(words)"
    case .late: "it took so long to get there that somebody else may be publishing: run this again"
    }
  }
}
