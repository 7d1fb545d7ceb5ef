import Git
import Glibc
import System

/// How one hook of ours stands.
public struct HookStatus: Equatable, Sendable {
  /// How it stands.
  public enum State: Equatable, Sendable {
    /// It is not there.
    case missing
    /// It is there, and git runs it.
    case installed
    /// It is one of an earlier release.
    case outdated
    /// It is there, and git does not run it.
    case bypassed(reason: String)
    /// Another hook is in its place.
    case foreign
  }

  /// The hook's name.
  public var name: String
  /// Where git looks for it.
  public var path: String
  /// How it stands.
  public var state: State
}

extension HookInstaller {
  /// How our hooks stand in the main worktree.
  public func status() throws(CommandError) -> [HookStatus] {
    let workTree = try reporting { try site.repository.mainWorkingDirectory() }
    let directory = try reporting { try site.git.effectiveHooksDirectory(workTree: workTree) }
    return names.map { name in
      HookStatus(name: name, path: "\(directory)/\(name)", state: state(of: name, in: directory))
    }
  }

  private func state(of name: String, in directory: String) -> HookStatus.State {
    let path = "\(directory)/\(name)"
    switch HookFile(path: path).kind {
    case .current: return .installed
    case .notExecutable: return .bypassed(reason: "'\(path)' is not executable")
    case .outdated: return .outdated
    case .missing, .foreign: break
    }
    for place in [defaultDirectory, ownDirectory] where place != directory {
      switch HookFile(path: "\(place)/\(name)").kind {
      case .current, .notExecutable, .outdated:
        return .bypassed(reason: "core.hooksPath is '\(directory)'")
      case .missing, .foreign: continue
      }
    }
    return Files.exists(path) ? .foreign : .missing
  }
}

extension Files {
  /// Whether this user may execute the file.
  package static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }
}
