/// What both programs say that they are.
public enum ProgramVersion {
  /// The version that `--version` and the dashboard tell.
  public static let number = "0.1.0"
}
