import Glibc

/// What `/proc/<pid>/stat` tells about one process.
package struct ProcessRecord: Hashable {
  /// Its number.
  package let pid: pid_t
  let parent: pid_t
  /// The first 15 bytes of its program's name.
  package let name: String
  let isZombie: Bool
  /// Whether a signal stopped it, so that it does nothing until another one lets it go on.
  package let isStopped: Bool
  /// Clock ticks between the machine's start and the process's: with the pid, a name that is never reused.
  package let startTicks: UInt64

  /// Reads the record of `pid`, or `nil` when there is no such process (any more) or it cannot be told.
  package init?(pid: pid_t) {
    guard let content = readProc("/proc/\(pid)/stat"), let record = ProcessRecord(pid: pid, stat: content)
    else { return nil }
    self = record
  }

  /// Whether no process has the number. That its record cannot be read says nothing: the system may be out of
  /// descriptors or memory, or hide the processes of others.
  package static func isFree(_ pid: pid_t) -> Bool { kill(pid, 0) != 0 && errno == ESRCH }

  /// Parses the file: the name between the first `(` and the LAST `)` may hold spaces, parentheses, newlines.
  package init?(pid: pid_t, stat: [UInt8]) {
    guard let close = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let open = stat.firstIndex(of: UInt8(ascii: "(")) ?? close
    name = String(decoding: stat[..<close].dropFirst(open + 1), as: UTF8.self)
    let fields = stat[(close + 1)...].split { $0 == 0x20 || $0 == 0x0A }
    guard fields.count > 19, let parent = Int32(String(decoding: fields[1], as: UTF8.self)),
      let ticks = UInt64(String(decoding: fields[19], as: UTF8.self))
    else { return nil }
    self.pid = pid
    self.parent = parent
    // Z waits to be reaped, X is going: neither can do anything any more.
    isZombie = fields[0].first == UInt8(ascii: "Z") || fields[0].first == UInt8(ascii: "X")
    isStopped = fields[0].first == UInt8(ascii: "T")
    startTicks = ticks
  }
}

/// The processes of this machine that we can see.
package enum ProcessTable {
  /// Every live (not zombie) process below `root`, children of children too; zombies count as parents.
  package static func liveDescendants(of root: pid_t) -> [ProcessRecord] {
    var children: [pid_t: [ProcessRecord]] = [:]
    for record in all() { children[record.parent, default: []].append(record) }
    var found: [ProcessRecord] = []
    var seen: Set<pid_t> = [root]
    var pending = [root]
    while let parent = pending.popLast() {
      // The table is not a snapshot: a reused number could make a ring.
      for child in children[parent] ?? [] where seen.insert(child.pid).inserted {
        if !child.isZombie { found.append(child) }
        pending.append(child.pid)
      }
    }
    return found
  }

  private static func all() -> [ProcessRecord] {
    ((try? Files.listDirectory("/proc")) ?? []).compactMap { name in
      Int32(name).flatMap { ProcessRecord(pid: $0) }
    }
  }
}

/// The content of a small file of `/proc`, or `nil`.
package func readProc(_ path: String) -> [UInt8]? {
  let raw = retrying { open(path, O_RDONLY | O_CLOEXEC) }
  guard raw >= 0 else { return nil }
  let file = Descriptor(owning: raw)
  var (buffer, content, isTruncated) = ([UInt8](repeating: 0, count: 4096), [UInt8](), false)
  while readOnce(file.raw, &buffer, into: &content, limit: 1 << 20, &isTruncated) == .data {}
  return content
}
