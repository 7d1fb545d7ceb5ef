import Glibc
import Migration

/// The wall clock, as a seam: tests and the simulator bring their own.
public protocol WallClock {
  /// The time now.
  func now() -> Timestamp
}

/// The machine's wall clock.
public struct SystemClock: WallClock, Sendable {
  /// Makes the clock.
  public init() {}

  /// The time now, by `CLOCK_REALTIME`.
  public func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

/// Randomness, as a seam.
public protocol RandomSource: AnyObject {
  /// 64 random bits.
  func next() -> UInt64
}

/// The system's randomness.
public final class SystemRandomness: RandomSource {
  private var generator = SystemRandomNumberGenerator()

  /// Makes the source.
  public init() {}

  /// 64 random bits.
  public func next() -> UInt64 { generator.next() }
}

extension RandomSource {
  /// 128 random bits as 32 hexadecimal digits: the nonce of an entry.
  public func nonce() -> String { hex(next()) + hex(next()) }

  private func hex(_ bits: UInt64) -> String {
    let text = String(bits, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
