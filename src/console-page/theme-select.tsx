import { useEffect, useState } from 'preact/hooks';

const KEY = 'nestjs-push.console.theme';
const THEMES = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;

/** Light or dark, or as the system has it. */
export function ThemeSelect() {
  const [theme, setTheme] = useState(readTheme);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Without storage it lasts as long as the page.
    }
  }, [theme]);
  return (
    <label class="inline-field">
      <span>Theme</span>
      <select value={theme} onChange={({ currentTarget }) => setTheme(currentTarget.value)}>
        {Object.entries(THEMES).map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function readTheme(): string {
  try {
    const stored = localStorage.getItem(KEY) ?? '';
    return Object.hasOwn(THEMES, stored) ? stored : 'system';
  } catch {
    return 'system';
  }
}
