import Glibc
import Migration

/// Times and spans as people read them.
package enum TimeText {
  /// The local time: `2026-11-21 03:53:10`.
  package static func local(_ time: Timestamp) -> String {
    var seconds = time_t(time.seconds)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return String(time.seconds) }
    var buffer = [CChar](repeating: 0, count: 64)
    let count = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// How long something took: `45s`, `2m10s`, `3h05m`, `2d04h`.
  package static func span(_ from: Timestamp, _ to: Timestamp) -> String {
    span(seconds: to.seconds - from.seconds)
  }

  /// A number of seconds in the two largest units that matter.
  package static func span(seconds: Int64) -> String {
    let count = max(0, seconds)
    if count < 60 { return "\(count)s" }
    if count < 3600 { return "\(count / 60)m" + padded(count % 60) + "s" }
    if count < 86400 { return "\(count / 3600)h" + padded(count % 3600 / 60) + "m" }
    return "\(count / 86400)d" + padded(count % 86400 / 3600) + "h"
  }

  private static func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }
}
