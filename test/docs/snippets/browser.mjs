export function watchOrders(url, token, show) {
  const socket = new WebSocket(url, ['push.v1', `bearer.${token}`]);
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.event === 'order.status') show(message.data);
  };
  return socket;
}
