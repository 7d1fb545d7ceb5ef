import Gate
import Migration
import Site
import Supervision
import System

/// The log of a verifier, read while it is written: in constant memory, and without keeping the run waiting.
final class VerifierLog {
  private let path: String
  private let file: GrowingFile
  private var reading: VerifierReading
  private var digest = SHA256.Stream()

  /// How much is read at a turn while the verifier still runs.
  private static let bytesAtOnce = 8 << 20

  init(_ path: String, kind: Plan.Verifier.Kind) {
    self.path = path
    file = GrowingFile(path)
    reading = VerifierReading(kind: kind)
  }

  /// Reads what has come since, as much as fits into a turn.
  func advance() throws(CommandError) { try read(atMost: VerifierLog.bytesAtOnce) }

  /// What is to be made of a verifier that has ended, with what its runner left in a file.
  func judgement(
    _ kind: Plan.Verifier.Kind, _ status: ExitStatus, timeoutSeconds: Int, document: TestReport?
  ) throws(CommandError) -> Judgement {
    try read(atMost: .max)
    reading.document = document
    return judge(kind: kind, status: status, reading: reading, timeoutSeconds: timeoutSeconds)
  }

  /// The end of it.
  var tail: String {
    String(decoding: (try? Files.tail(path, bytes: 4096)) ?? [], as: UTF8.self)
  }

  /// SHA-256 of what was read.
  var digestText: String { digest.hexDigest() }

  private func read(atMost limit: Int) throws(CommandError) {
    var count = 0
    while count < limit {
      let isMore = try reporting {
        try file.next { bytes in
          count += bytes.count
          reading.read(bytes)
          digest.update(bytes)
        }
      }
      if !isMore { return }
    }
  }
}
