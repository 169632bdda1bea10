curl -s "$SHOP/push/users/7" \
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{ "event": "order.status", "data": { "orderId": 41, "status": "shipped" } }'
