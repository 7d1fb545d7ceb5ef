import Glibc

/// Whether a recorded process is still there.
public enum Liveness: Equatable, Sendable {
  /// That very process runs.
  case alive
  /// It ended, its number belongs to somebody else, or the machine started anew since.
  case dead
  /// It cannot be told from here: the record is another machine's or holds no boot id.
  case unknown
}

/// A name for a process that is never used again: the boot, the number, and the moment it started.
public struct ProcessIdentity: Equatable, Hashable, Sendable {
  /// Where the number counts: see `Machine.bootID`.
  public let bootID: String
  /// The process id.
  public let pid: Int32
  /// When it started, in clock ticks since the boot; 0 when that could not be read.
  public let startTicks: UInt64

  /// Makes an identity from recorded parts.
  public init(bootID: String, pid: Int32, startTicks: UInt64) {
    self.bootID = bootID
    self.pid = pid
    self.startTicks = startTicks
  }

  /// The identity of the live process `pid` of this machine, or `nil` when there is none.
  public init?(pid: Int32) {
    guard let record = ProcessRecord(pid: pid), !record.isZombie else { return nil }
    self.init(bootID: Machine.bootID, pid: pid, startTicks: record.startTicks)
  }

  /// This process. Read once, so that it never looks like another one to itself.
  public static let current =
    lookThrice { ProcessIdentity(pid: getpid()) }
    ?? ProcessIdentity(bootID: Machine.bootID, pid: getpid(), startTicks: 0)

  /// Whether the process still runs, provided that the record was made on this machine. A zombie is dead.
  ///
  /// `dead` is only said of what is certain. The caller compares `Machine.identity` first: another machine's
  /// boot id looks like an old boot of ours.
  public func liveness() -> Liveness {
    let here = Machine.bootID
    if bootID.isEmpty || here.isEmpty { return .unknown }
    if Machine.boot(of: bootID) != Machine.boot(of: here) { return .dead }
    // In another container or sandbox the number is somebody else's, or nobody's.
    if bootID != here || startTicks == 0 || pid <= 0 { return .unknown }
    guard let record = ProcessRecord(pid: pid) else { return ProcessRecord.isFree(pid) ? .dead : .unknown }
    return record.startTicks == startTicks && !record.isZombie ? .alive : .dead
  }
}

/// The machine that this process runs on.
public enum Machine {
  /// The host's name as the kernel knows it; `localhost` when it has none.
  public static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    let name = String(
      decoding: buffer.lazy.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 }, as: UTF8.self)
    return name.isEmpty ? "localhost" : name
  }

  /// A name that stays the same over restarts: the machine id of systemd or D-Bus, else the host's name.
  /// Read once: a process must not be on one machine now and on another one later.
  public static let identity: String = {
    for path in ["/etc/machine-id", "/var/lib/dbus/machine-id"] {
      if let line = lookThrice({ firstLine(of: path) }), !line.isEmpty { return line }
    }
    return hostName
  }()

  /// Where a process number counts: the id of the machine's current boot, a slash, and the number of the PID
  /// namespace, since a container or a sandbox numbers its processes by itself. Empty when the kernel does
  /// not tell.
  public static let bootID = lookThrice(readBootID) ?? ""

  private static func readBootID() -> String? {
    guard let boot = firstLine(of: "/proc/sys/kernel/random/boot_id"), !boot.isEmpty else { return nil }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
    let number = buffer.prefix(max(0, count)).filter { (0x30...0x39).contains($0) }
    return number.isEmpty ? nil : boot + "/" + String(decoding: number, as: UTF8.self)
  }

  /// The boot without the namespace.
  package static func boot(of id: String) -> Substring { id.prefix { $0 != "/" } }

  private static func firstLine(of path: String) -> String? {
    guard let content = readProc(path) else { return nil }
    return String(decoding: content.prefix { $0 > 0x20 }, as: UTF8.self)
  }
}

/// Looks up to three times: nobody takes over at once from a process of which one look, that failed, has told
/// it less than it has to say of itself.
private func lookThrice<Value>(_ look: () -> Value?) -> Value? { look() ?? look() ?? look() }
