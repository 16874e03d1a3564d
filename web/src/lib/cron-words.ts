// The usual cron expressions in words. Pure.
import { m } from "./messages.ts";

const NUMBER = /^\d{1,2}$/;

/** What an expression of five fields says; null where it says more than a sentence can. */
export function cronWords(expression: string): string | null {
  const [minute = "", hour = "", day = "", month = "", weekday = "", ...rest] = expression.trim().split(/\s+/);
  if (weekday === "" || rest.length > 0 || month !== "*") return null;
  const words = m.cron;
  const days = weekday === "*" && day === "*" ? words.everyDay : day === "*" ? weekdays(weekday) : weekday === "*" && NUMBER.test(day) ? words.monthDay(Number(day)) : null; // prettier-ignore
  if (days === null) return null;
  const every = /^\*\/(\d{1,2})$/;
  if (hour === "*" && every.test(minute)) return words.minutes(Number(every.exec(minute)?.[1]), days);
  if (hour === "*" && NUMBER.test(minute)) return words.hourly(Number(minute), days);
  if (!NUMBER.test(minute)) return null;
  if (every.test(hour)) return words.hours(Number(every.exec(hour)?.[1]), Number(minute), days);
  const hours = hour.split(",");
  if (!hours.every((each) => NUMBER.test(each) && Number(each) < 24) || Number(minute) > 59) return null;
  const time = (each: string) => `${each.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  return words.at(m.list(hours.map(time)), days);
}

function weekdays(field: string): string | null {
  const names = m.cron.weekdays;
  const numbers = field.split(",").flatMap((part) => {
    const [from, to = from] = part.split("-").map((end) => (/^[0-7]$/.test(end) ? Number(end) : NaN));
    if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to) || to < from) return [NaN];
    return Array.from({ length: to - from + 1 }, (_, index) => (from + index) % 7);
  });
  if (numbers.some(Number.isNaN)) return null;
  const set = new Set(numbers);
  if (set.size === 7) return m.cron.everyDay;
  if (set.size === 5 && !set.has(0) && !set.has(6)) return m.cron.workdays;
  return m.cron.on(m.list([...set].map((number) => names[number] ?? "")));
}
