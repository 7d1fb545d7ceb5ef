import Git

/// What this machine is short of.
package struct Shortage: Equatable {
  /// What is short.
  package enum Kind: Equatable { case memory, disk }
  /// What is short.
  package var kind: Kind
  /// The sentence for people, with the setting that says so.
  package var text: String

  /// Makes one.
  package init(kind: Kind, text: String) {
    self.kind = kind
    self.text = text
  }
}

/// How far a run may fill its machine: beyond that no new work begins (`migrate.maxPressure`,
/// `migrate.minFreeDisk`).
package struct MachineLimits: Equatable {
  /// The share of the time, in percent, for which programs may have stood still for want of memory; 100 is
  /// never over.
  package var maxPressure: Int
  /// How many bytes must be free on each disk that is written to; 0 is always there.
  package var minFreeDisk: Int

  /// What counts unless the configuration says otherwise.
  package static let standard = MachineLimits(maxPressure: 40, minFreeDisk: 256 << 20)

  init(maxPressure: Int, minFreeDisk: Int) {
    (self.maxPressure, self.minFreeDisk) = (maxPressure, minFreeDisk)
  }

  /// The limits that are configured.
  package init(_ repository: Repository) throws(CommandError) {
    self = MachineLimits.standard
    let (pressure, disk) = try reporting { () throws -> (String?, String?) in
      (try repository.config("migrate.maxPressure"), try repository.config("migrate.minFreeDisk"))
    }
    if let pressure {
      guard let percent = Int(pressure), (1...100).contains(percent) else {
        throw CommandError(
          "'migrate.maxPressure' is '\(pressure)', not a percentage from 1 to 100",
          hint: "100 switches it off; see git-migrate-run(1)")
      }
      maxPressure = percent
    }
    if let disk {
      guard let size = MachineLimits.bytes(disk) else {
        throw CommandError(
          "'migrate.minFreeDisk' is '\(disk)', not a size such as 500m or 2g",
          hint: "0 switches it off; see git-migrate-run(1)")
      }
      minFreeDisk = size
    }
  }

  /// A number of bytes as git writes it: `k`, `m` and `g` are powers of 1024.
  package static func bytes(_ text: String) -> Int? {
    let units: [Character: Int] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
    let unit = text.last.flatMap { units[Character($0.lowercased())] }
    guard let number = Int(unit == nil ? text[...] : text.dropLast()), number >= 0 else { return nil }
    let (size, isTooLarge) = number.multipliedReportingOverflow(by: unit ?? 1)
    return isTooLarge ? nil : size
  }

  /// What the machine is short of. It is not over before there is some room: a fifth less pressure, a fifth
  /// more disk.
  package func shortage(_ readings: MachineReadings, after last: Shortage?) -> Shortage? {
    let pressureLimit = Double(maxPressure) * (last?.kind == .memory ? 0.8 : 1)
    if maxPressure < 100, let pressure = readings.memoryPressure, pressure > pressureLimit {
      let text = "programs stand still for want of memory for \(Int(pressure)) % of the time"
      return Shortage(kind: .memory, text: "\(text) (migrate.maxPressure is \(maxPressure))")
    }
    let room = minFreeDisk / 5
    let diskLimit = last?.kind == .disk ? minFreeDisk + min(room, Int.max - minFreeDisk) : minFreeDisk
    for (place, free) in readings.free where free < diskLimit {
      let text = "only \(MachineLimits.words(free)) are free at '\(place)'"
      return Shortage(
        kind: .disk, text: "\(text) (migrate.minFreeDisk is \(MachineLimits.words(minFreeDisk)))")
    }
    return nil
  }

  /// A number of bytes for people.
  package static func words(_ bytes: Int) -> String {
    for (size, unit) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] where bytes >= size {
      let tenths = bytes / (size / 10)
      return tenths % 10 == 0 || tenths >= 100
        ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return "\(bytes) bytes"
  }
}
