import Glibc
import System

/// A control group of version 2 that holds a child and all that it starts to one amount of memory together,
/// where this user may make one: below a session of the user, or in a part of the tree that was handed over.
public struct MemoryGroup: Equatable, Sendable {
  /// The group's folder.
  public let folder: String

  /// Where a process says that it belongs to the group.
  public var entrance: String { folder + "/cgroup.procs" }

  private static let prefix = "git-migrate-"

  /// Makes one for so many bytes; `nil` where that cannot be, so that only each process can be limited. What
  /// dead processes left is removed.
  public static func make(bytes: Int) -> MemoryGroup? {
    func text(_ path: String) -> String {
      String(decoding: (try? Files.readFile(path, limit: 1 << 20)).flatMap(\.self) ?? [], as: UTF8.self)
    }
    guard let own = place(own: text("/proc/self/cgroup"), mounts: text("/proc/self/mountinfo")) else {
      return nil
    }
    return make(bytes: bytes, above: own.folder, root: own.root)
  }

  /// The same for a process in the group whose folder is `own`, in a tree that is mounted at `root`.
  static func make(bytes: Int, above own: String, root: String) -> MemoryGroup? {
    var parent = own
    // Groups with processes of their own cannot have groups with limits below: one above may.
    while !handsOut(parent) {
      guard parent.count > root.count else { return nil }
      parent = Files.parent(of: parent)
    }
    for name in (try? Files.listDirectory(parent)) ?? [] where owner(of: name)?.liveness() == .dead {
      // One that is in use cannot be removed.
      _ = rmdir(parent + "/" + name)
    }
    let own = ProcessIdentity.current
    let name = "\(prefix)\(namespace(of: own.bootID))-\(own.pid)-\(own.startTicks)-"
    guard let folder = try? Files.makeTemporaryDirectory(prefix: name, in: parent) else { return nil }
    let group = MemoryGroup(folder: folder)
    do throws(FileError) {
      try Files.append(folder + "/memory.max", Array("\(bytes)\n".utf8))
    } catch {
      _ = rmdir(folder)
      return nil
    }
    // Neither of them is everywhere.
    try? Files.append(folder + "/memory.swap.max", Array("0\n".utf8))
    try? Files.append(folder + "/memory.oom.group", Array("1\n".utf8))
    return group
  }

  /// The process that made a group of this name; `nil` where it cannot be told from here. Until a child has
  /// entered it, a group is as empty as one that was left.
  static func owner(of name: String) -> ProcessIdentity? {
    guard name.hasPrefix(prefix) else { return nil }
    let parts = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
    let here = Machine.bootID
    guard parts.count == 4, parts[0] == namespace(of: here), let pid = Int32(parts[1]),
      let ticks = UInt64(parts[2])
    else { return nil }
    return ProcessIdentity(bootID: here, pid: pid, startTicks: ticks)
  }

  /// Where a process number counts on this machine, which no group outlives.
  private static func namespace(of bootID: String) -> Substring {
    bootID.split(separator: "/").dropFirst().first ?? "0"
  }

  /// Whether groups below one can be limited, and this user may make them and move its processes there.
  private static func handsOut(_ group: String) -> Bool {
    guard let bytes = try? Files.readFile(group + "/cgroup.subtree_control", limit: 4096) else {
      return false
    }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    return words.contains("memory") && Files.isWritable(group) && access(group + "/cgroup.procs", W_OK) == 0
  }

  /// The folder of the own group, and that of the tree's root as it is mounted.
  static func place(own: String, mounts: String) -> (folder: String, root: String)? {
    let line = own.split(separator: "\n").first { $0.hasPrefix("0::") }
    guard let path = line.map({ String($0.dropFirst(3)) }) else { return nil }
    for mount in mounts.split(separator: "\n") {
      let fields = mount.split(separator: " ").map(String.init)
      guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, fields[dash + 1] == "cgroup2",
        fields.count > 4
      else { continue }
      let (root, point) = (fields[3], fields[4])
      guard root == "/" || path == root || path.hasPrefix(root + "/") else { continue }
      let below = root == "/" ? path : String(path.dropFirst(root.count))
      return (below == "/" || below.isEmpty ? point : point + below, point)
    }
    return nil
  }
}
