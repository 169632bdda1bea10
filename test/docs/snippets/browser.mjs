import { PushClient } from 'nestjs-push/client';

export function watchOrders(url, token, show) {
  const push = new PushClient({ url, token });
  push.on('order.status', show);
  push.on('push:gap', () => console.log('too long away: fetch the present state'));
  return push;
}
