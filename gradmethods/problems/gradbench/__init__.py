"""Problems of GradBench and ADBench, the suites that compare tools for differentiation."""
