/// Looks after a git that is at work: a pipe that was put in the place of one of its files after it was
/// started holds it for ever in the middle of an open.
struct PlaceWatch {
  let gitDirectory: String
  let commonDirectory: String
  /// What lies there now, as the error that names it.
  private(set) var obstacle: GitError?
  private var looksInARow = 0

  /// How often in a row it must lie there: who is done with that place already may come to an end.
  private static let patience = 3

  init(gitDirectory: String, commonDirectory: String) {
    self.gitDirectory = gitDirectory
    self.commonDirectory = commonDirectory
  }

  /// Whether git may be waited for; asked once in a while.
  mutating func mayGoOn() -> Bool {
    do throws(GitError) {
      try PlaceCheck.require(gitDirectory, common: commonDirectory)
      (obstacle, looksInARow) = (nil, 0)
    } catch {
      (obstacle, looksInARow) = (error, looksInARow + 1)
    }
    return looksInARow < PlaceWatch.patience
  }
}
