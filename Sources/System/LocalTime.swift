import Glibc

/// A moment as the clocks of this place show it, by `TZ`.
public struct LocalTime {
  private var parts = tm()

  /// `nil` for a moment that no calendar here has.
  public init?(seconds: Int64) {
    var seconds = time_t(seconds)
    guard localtime_r(&seconds, &parts) != nil else { return nil }
  }

  /// Reads the zone of this process. Without it the first moment that is asked for may be of another.
  public static func readZone() { tzset() }

  /// By how many seconds clocks here are ahead of UTC.
  public var secondsEastOfUTC: Int { parts.tm_gmtoff }

  /// Date and time: `2026-11-21 03:53:10`.
  public var text: String {
    var (parts, buffer) = (parts, [CChar](repeating: 0, count: 64))
    let count = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The moment, in seconds since the Unix epoch, at which clocks show this time of day so many days later.
  public func seconds(days: Int, hour: Int, minute: Int) -> Int64 {
    var wanted = parts
    (wanted.tm_hour, wanted.tm_min, wanted.tm_sec) = (Int32(hour), Int32(minute), 0)
    wanted.tm_isdst = -1
    wanted.tm_mday += Int32(days)
    return Int64(mktime(&wanted))
  }

  /// The seconds since the epoch when local clocks, or those of UTC, show a date and a time.
  public static func seconds(
    year: Int32, month: Int32, day: Int32, hour: Int32, minute: Int32, isUniversal: Bool = false
  ) -> Int64 {
    var wanted = tm()
    (wanted.tm_year, wanted.tm_mon, wanted.tm_mday) = (year - 1900, month - 1, day)
    (wanted.tm_hour, wanted.tm_min, wanted.tm_isdst) = (hour, minute, isUniversal ? 0 : -1)
    return Int64(isUniversal ? timegm(&wanted) : mktime(&wanted))
  }
}

/// The clock that all machines share.
public enum RealTime {
  /// Milliseconds since the Unix epoch.
  public static var milliseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
