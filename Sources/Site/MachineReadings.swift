import Glibc
import System

/// What a machine has left just now.
package struct MachineReadings: Equatable {
  /// A folder, and how many bytes are free on its disk.
  package typealias Free = (place: String, bytes: Int)

  /// For how much of the last ten seconds some program stood still for want of memory, in percent; `nil`
  /// where the kernel does not say.
  package var memoryPressure: Double?
  /// The disks that are written to.
  package var free: [Free]

  /// Whether both say the same.
  package static func == (left: MachineReadings, right: MachineReadings) -> Bool {
    left.memoryPressure == right.memoryPressure && left.free.elementsEqual(right.free, by: ==)
  }

  /// What this machine says of itself, and of the disks of these folders; one that is not there yet is looked
  /// at in the folder that it will be in.
  package static func now(_ places: [String]) -> MachineReadings {
    let text = (try? Files.readFile("/proc/pressure/memory", limit: 4096)).flatMap(\.self) ?? []
    return MachineReadings(
      memoryPressure: pressure(String(decoding: text, as: UTF8.self)), free: places.compactMap(free(at:)))
  }

  /// The line `some avg10=0.00 avg60=0.00 avg300=0.00 total=0` of the kernel's pressure stall information.
  package static func pressure(_ text: String) -> Double? {
    for line in text.split(separator: "\n") where line.hasPrefix("some ") {
      for word in line.split(separator: " ") where word.hasPrefix("avg10=") {
        return Double(word.dropFirst("avg10=".count))
      }
    }
    return nil
  }

  private static func free(at place: String) -> Free? {
    var folder = place
    var status = statvfs()
    while statvfs(folder, &status) != 0 {
      let parent = Files.parent(of: folder)
      guard errno == ENOENT, parent != folder else { return nil }
      folder = parent
    }
    let (bytes, isTooLarge) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
    return (place, isTooLarge ? .max : bytes)
  }
}
