import Git
import Migration
import Site

/// What all worktrees share and no worker has to change: which branches there are, and which of them the
/// user's own checkout is on. Files there are not looked at: they are for a sandbox to guard.
struct SharedRefs: Equatable {
  private var head: String?
  private var branches: Set<String>

  /// How many branches are named.
  private static let limit = 3

  /// What there is now; `nil` when it cannot be told.
  init?(_ site: Site) {
    do {
      let repository = try Repository.discover(from: site.mainDirectory(), environment: site.environment)
      head =
        switch try repository.head() {
        case .unborn(let branch), .branch(let branch, _): branch
        case .detached: nil
        }
      branches = Set(
        try repository.references(matching: "refs/heads/*").map(\.name).filter {
          !$0.hasPrefix("refs/heads/migrate/")
        })
    } catch {
      return nil
    }
  }

  /// What is another now, a line for each thing. Whether it was this worker or a person nobody can tell.
  func changes(since earlier: SharedRefs) -> [String] {
    var lines: [String] = []
    if head != earlier.head {
      let place = head.map { NameText.quoted(String($0.dropFirst("refs/heads/".count))) } ?? "a commit"
      lines.append("while it was at work, another branch was checked out in the main worktree: \(place)")
    }
    let made = branches.subtracting(earlier.branches).sorted()
    if !made.isEmpty {
      let names = made.prefix(Self.limit).map { NameText.quoted(String($0.dropFirst("refs/heads/".count))) }
      let more = made.count > Self.limit ? " and \(made.count - Self.limit) more" : ""
      lines.append("while it was at work, branches were made: \(names.joined(separator: ", "))\(more)")
    }
    return lines
  }
}
