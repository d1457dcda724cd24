import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["artifacts/", "build/", "cache/", "coverage/", "demo/", "deployments/", "types/"]),
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Numbers and bigints in messages are what most messages are about.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // Index loops walk several typed arrays at once.
      "@typescript-eslint/prefer-for-of": "off",
      // `noUncheckedIndexedAccess` with typed arrays in hot loops: the bound is the loop's.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions"] }],
      "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
      // Libraries' string enums are compared with the strings they document.
      "@typescript-eslint/no-unsafe-enum-comparison": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
      // Node runs the sources by leaving types out; what is not a type must be JavaScript. (The compiler's
      // erasableSyntaxOnly would refuse the generated contract types, which are never run.)
      "@typescript-eslint/parameter-properties": "error",
      "no-restricted-syntax": [
        "error",
        "TSEnumDeclaration",
        "TSImportEqualsDeclaration",
        "TSExportAssignment",
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // chai's assertions are expressions: expect(x).to.be.true
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  {
    files: ["scripts/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    extends: [tseslint.configs.base],
    rules: { "no-unused-vars": "error", "no-undef": "off", "prefer-const": "error" },
  },
);
