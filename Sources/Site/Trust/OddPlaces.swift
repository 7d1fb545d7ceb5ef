import Git
import System

/// What lies where git's files or ours should, and is none: whoever opens a pipe waits for ever, so that
/// nothing is opened before (`Repository.requirePlainPlaces`).
extension Site {
  /// Throws unless git's and our own files are files.
  ///
  /// Where nothing lay when this command began nothing is missing either: what lies there now is moved beside
  /// that place, which a person is told, and work goes on. In the place of a file it stays, and with it the
  /// error.
  package func requirePlainPlaces() throws(CommandError) {
    while true {
      do throws(GitError) {
        try repository.requirePlainPlaces()
        break
      } catch {
        guard let place = error.oddPlace, absentPlaces?.contains(place) == true,
          oddPlaces.count < Site.mostOddPlaces
        else { throw CommandError(error) }
        try reporting {
          let beside = Site.freeName(beside: place)
          try Files.move(place, to: beside)
          oddPlaces.append("\(error.description); it is '\(beside)' now")
        }
      }
    }
    if absentPlaces == nil { absentPlaces = repository.absentPlaces() }
  }

  /// What was moved away since it was asked last, in words for people.
  package func takeOddPlaces() -> [String] {
    defer { oddPlaces = [] }
    return oddPlaces
  }

  /// How often something is moved away before the error is told all the same: somebody does it again and
  /// again.
  private static let mostOddPlaces = 100

  static func freeName(beside path: String) -> String {
    var number = 1
    while Files.exists("\(path).odd-\(number)") { number += 1 }
    return "\(path).odd-\(number)"
  }

  /// What a file of ours holds that workers can reach: nothing, when it is a link or no file at all.
  package static func ownFile(_ path: String, limit: Int = 16 << 20) -> [UInt8]? {
    try? Files.readPlain(path, limit: limit)
  }

  /// Sees to it that there is a folder of ours below `localDirectory`. What is no folder on the way to it is
  /// moved aside: nobody else has anything there.
  package func makeOwnFolder(_ path: String) throws {
    guard path.hasPrefix(localDirectory + "/") else { return try Files.makeDirectories(path) }
    var place = localDirectory
    for name in path.dropFirst(localDirectory.count + 1).split(separator: "/") {
      place += "/\(name)"
      guard let kind = Files.kind(place), kind != .directory else { continue }
      try Files.move(place, to: Site.freeName(beside: place))
    }
    try Files.makeDirectories(path)
  }
}
