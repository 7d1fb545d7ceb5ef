import Git
import Migration
import Site
import System

/// What no worker has to change and no wall kept from it: which branches there are, which of them the user's
/// own checkout is on, and the files there.
struct SharedRefs: Equatable {
  private var head: String?
  private var branches: Set<String>
  /// The files of the checkout that differ from its commit, each with what tells its content from another.
  private var files: [String: String] = [:]

  /// How many branches or files are named.
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
      branches = try repository.branchNames(outside: "refs/heads/migrate/")
      let top = try site.mainDirectory()
      for path in (try? repository.status()) ?? [] {
        let written = Files.written(top + "/" + path)
        files[path] = written.map { "\($0.size) \($0.seconds) \($0.nanoseconds)" } ?? "gone"
      }
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
      let names = made.map { String($0.dropFirst("refs/heads/".count)) }
      lines.append("while it was at work, branches were made: \(Self.list(names))")
    }
    let paths = Set(files.keys).union(earlier.files.keys).filter { files[$0] != earlier.files[$0] }.sorted()
    if !paths.isEmpty {
      lines.append("while it was at work, files were changed in the main worktree: \(Self.list(paths))")
    }
    return lines
  }

  private static func list(_ names: [String]) -> String {
    let more = names.count > limit ? " and \(names.count - limit) more" : ""
    return names.prefix(limit).map(NameText.quoted).joined(separator: ", ") + more
  }
}
