import Glibc

/// The walls around a child that nobody trusts, as bubblewrap makes them: what it sees of the machine's
/// files, and what else it has. Pure: whoever makes one has looked at what there is.
///
/// All of the machine is there to be read, but what is hidden; processes of others, their shared memory and
/// their names are not. TERM reaches the child, and not what holds it, so that it has its time to end.
public struct Walls: Equatable, Sendable {
  /// What a place is to the child. What lies below it is the same, but for places of its own.
  public enum Place: Equatable, Sendable {
    /// Empty; what is written there is gone with the child.
    case hidden
    /// As it is, to be read.
    case readable
    /// As it is, to be written, too.
    case writable
    /// Another folder stands in its place.
    case replaced(by: String)
    /// Another file stands in its place, to be read.
    case shown(from: String)
  }

  /// The places that differ from all others, by their real paths.
  public private(set) var places: [String: Place] = [:]
  /// Whether there is a network beside the child's own loopback.
  public var hasNetwork = true
  /// How much memory each of its processes may have of its own, in bytes; `nil` for no limit.
  public var memoryBytes: Int?
  /// The group that holds all of them to that together, where there can be one.
  public var memoryGroup: MemoryGroup?

  /// bubblewrap.
  private let program: String
  /// Our own program, which takes the last step inside.
  private let entry: String

  /// Walls without any place, of bubblewrap's program and our own.
  public init(program: String, entry: String) {
    self.program = program
    self.entry = entry
    places[entry] = .readable
  }

  /// Says what a place is; a place that was named before becomes this.
  public mutating func set(_ path: String, _ place: Place) { places[path] = place }

  /// Whether the child sees nothing of a path that is there.
  public func hides(_ path: String) -> Bool {
    var current = path[...]
    while !current.isEmpty {
      switch places[String(current)] {
      case .hidden: return true
      case .readable, .writable, .replaced, .shown: return false
      case nil: current = current[..<(current.lastIndex(of: "/") ?? current.startIndex)]
      }
    }
    return false
  }

  /// The run inside of them.
  public func wrap(_ run: Supervised) -> Supervised {
    var wrapped = run
    // What is ignored stays so over the start of a program; ours inside hears it again.
    var script = "trap '' HUP INT TERM; exec \"$@\""
    // Whatever is started from here on belongs to the group.
    if memoryGroup != nil { script = "{ echo $$ > \"$0\"; } 2> /dev/null; " + script }
    wrapped.arguments =
      ["/bin/sh", "-c", script, memoryGroup?.entrance ?? "sh", program] + options
      + (run.directory.map { ["--chdir", $0] } ?? [])
      + ["--", entry, Within.word, memoryBytes.map(String.init) ?? "-"] + run.arguments
    // Where the temporary folder is the child's own, it lies there.
    if places["/tmp"] != .writable, wrapped.environment["TMPDIR"] != nil {
      wrapped.environment["TMPDIR"] = "/tmp"
    }
    return wrapped
  }

  /// What bubblewrap is told, in the order in which it does it: what lies above comes before what is below.
  var options: [String] {
    var words = Walls.namespaces + (Walls.isRoot ? Walls.ofRoot : []) + (hasNetwork ? [] : ["--unshare-net"])
    words += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    let order = places.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (path, place) in order {
      switch place {
      case .hidden: words += ["--tmpfs", path]
      case .readable: words += ["--ro-bind-try", path, path]
      case .writable: words += ["--bind", path, path]
      case .replaced(let other): words += ["--bind", other, path]
      case .shown(let other): words += ["--ro-bind", other, path]
      }
    }
    return words
  }

  /// What an agent of root keeps, within its own namespace: without it the kernel lets nobody who is root
  /// there make a namespace inside, as agents with a sandbox of their own do.
  private static let ofRoot = ["--cap-add", "CAP_SETFCAP"]
  private static let isRoot = geteuid() == 0

  private static let namespaces = [
    "--die-with-parent", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
    "--unshare-cgroup-try", "--cap-drop", "ALL",
  ]

  /// What shows whether bubblewrap works: it is to be run to its end, and to succeed.
  public static let probe =
    namespaces + ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "/bin/true"]
}
