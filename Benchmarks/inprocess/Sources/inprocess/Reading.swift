import Gate
import Glibc
import Migration

/// Reads a file as the gate reads what a verifier prints, and prints the most memory that it took, in KiB.
func readOutput(_ path: String) throws {
  guard let file = fopen(path, "rb") else { throw Trouble("'\(path)' cannot be read") }
  defer { fclose(file) }
  var reading = VerifierReading(kind: .test)
  var buffer = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    if count <= 0 { break }
    buffer.withUnsafeBufferPointer { reading.read(UnsafeBufferPointer(rebasing: $0[..<count])) }
  }
  reading.finish()
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  print(usage.ru_maxrss)
}
