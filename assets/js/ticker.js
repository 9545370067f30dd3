// Asks the page's handler again and again, while somebody looks at the tab.
import { useEffect, useRef } from "react";

export function Ticker({ every, onTick }) {
  const tick = useRef(onTick);
  tick.current = onTick;
  useEffect(() => {
    const isSeen = () => document.visibilityState === "visible";
    const timer = setInterval(() => isSeen() && tick.current?.(), every * 1000);
    const seen = () => isSeen() && tick.current?.();
    document.addEventListener("visibilitychange", seen);
    return () => { clearInterval(timer); document.removeEventListener("visibilitychange", seen); };
  }, [every]);
  return null;
}
