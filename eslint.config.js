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
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
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
