import System

/// Looks after a git that is at work, and says when it need not be waited for any more.
///
/// A pipe that was put in the place of one of its files after it was started holds it for ever in the middle
/// of an open; and a server that takes a connection and says nothing holds it until its time is over,
/// whatever a person at the terminal wants meanwhile.
struct GitWatch {
  let gitDirectory: String
  let commonDirectory: String
  /// Whether it speaks with a server, and so ends when somebody asks this process to.
  let isOverNetwork: Bool
  /// What lies in a place of git's now, as the error that names it.
  private(set) var obstacle: GitError?
  /// Whether somebody asked.
  private(set) var isAsked = false
  private var looksInARow = 0
  private let requests = SignalPipe.endRequests

  /// How often in a row it must lie there: who is done with that place already may come to an end.
  private static let patience = 3
  private static let network: Set<String> = ["clone", "fetch", "ls-remote", "push"]
  /// How long such a git may take, in seconds, that is started after somebody asked: to give back a claim.
  private static let last = 15

  init(_ program: GitProgram, _ arguments: [String]) {
    gitDirectory = program.gitDirectory
    commonDirectory = program.commonDirectory
    var rest = arguments[...]
    while rest.first == "-c" { rest = rest.dropFirst(2) }
    isOverNetwork = rest.first.map(GitWatch.network.contains) ?? false
  }

  /// The longest run in seconds, when git itself may take `seconds`.
  func limit(_ seconds: Int?) -> Int? {
    guard isOverNetwork, requests > 0 else { return seconds }
    return min(seconds ?? GitWatch.last, GitWatch.last)
  }

  /// Whether git may be waited for; asked once a second.
  mutating func mayGoOn() -> Bool {
    isAsked = isOverNetwork && SignalPipe.endRequests > requests
    do throws(GitError) {
      try PlaceCheck.require(gitDirectory, common: commonDirectory)
      (obstacle, looksInARow) = (nil, 0)
    } catch {
      (obstacle, looksInARow) = (error, looksInARow + 1)
    }
    return !isAsked && looksInARow < GitWatch.patience
  }

  /// Why a git was ended that took so many seconds at most, as git would say it.
  func reason(_ limit: Int?) -> String {
    if isAsked { return "fatal: it was interrupted" }
    if let obstacle { return "fatal: \(obstacle.message)" }
    return "fatal: it did not come to an end\(limit.map { " within \($0) s" } ?? "")"
  }
}
