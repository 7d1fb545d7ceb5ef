import Glibc

/// Waits for descriptors to become readable: `poll(2)` with an absolute idea of the timeout.
public struct Poller: Sendable {
  private var entries: [(descriptor: Int32, events: Int16)] = []

  /// Makes a poller that watches nothing yet.
  public init() {}

  /// Makes a poller that watches `descriptors` for reading.
  public init(reading descriptors: [Int32]) {
    for descriptor in descriptors { add(reading: descriptor) }
  }

  /// Watches `descriptor` for data or its end; negative descriptors are ignored.
  public mutating func add(reading descriptor: Int32) {
    if descriptor >= 0 { entries.append((descriptor, Int16(POLLIN))) }
  }

  /// Watches `descriptor` for room to write; negative descriptors are ignored.
  public mutating func add(writing descriptor: Int32) {
    if descriptor >= 0 { entries.append((descriptor, Int16(POLLOUT))) }
  }

  /// Waits until a descriptor is ready (data, room, end or error), a signal came, or `milliseconds` have
  /// passed (`nil` waits for ever), and gives the ready descriptors; an empty set means a signal or the
  /// timeout.
  ///
  /// With nothing to watch it just waits. A signal ends the wait early so that the caller can look at why.
  public func wait(milliseconds: Int?) -> Set<Int32> {
    var records = entries.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
    let timeout = milliseconds.map { Int32(clamping: max(0, $0)) } ?? -1
    guard poll(&records, nfds_t(records.count), timeout) > 0 else { return [] }
    return Set(records.lazy.filter { $0.revents != 0 }.map(\.fd))
  }
}
